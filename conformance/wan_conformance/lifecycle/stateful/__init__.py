"""Model-based stateful tests: Hypothesis draws calls, faults, time and progress of any number of tasks.

Imported by the CLI and the tests. Start reading at `machine` (what may be drawn), then `session` (how a
step is executed) and `consistency` (the model that judges what is reported of a task).
"""
