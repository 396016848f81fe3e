"""How long tests wait for what happens at once on an idle machine: only a hang takes longer.

No test passes or fails by these numbers. What a process or thread does is awaited; the number ends a test
that would never end.
"""

PATIENCE = 300.0
"""Seconds to wait for a process or a thread."""

HOLD = 60.0
"""Seconds for which a server of the tests makes its client wait: far longer than any deadline of a test."""

DEADLINES = (0.2, 1.0, 5.0, 25.0)
"""Seconds of a real deadline, to be tried in order until the intended case occurs.

On a busy machine a short deadline can end before a connection is made or a process has started, which is
another case.
"""
