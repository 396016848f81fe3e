"""Make a run: collect the cases, give them to the targets, apply known failures, write log and reports.

The CLI imports `execute` and `mutation_check`; other packages import nothing from here but
`known_failures`. Start reading at `execute.py`, then `runner.py`.
"""
