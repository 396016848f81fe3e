"""The conformance harness: it puts cases to implementations of the spec and reports who follows which rule.

Nothing outside this package imports it, except lazily the pytest plugin. Start reading at `judge.py` (how a
verdict is formed), then `engine/execute.py` (a run from its options to its reports).
"""
