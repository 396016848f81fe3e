"""Model-based stateful tests: Hypothesis draws calls, faults, time and progress of any number of tasks.

Imported by the CLI and the tests. Start reading at `machine` (the rules to draw from), then `session`
(the execution of steps) and `consistency` (the model that judges the reports about a task).
"""
