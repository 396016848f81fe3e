"""Load tests: thousands of calls under one client, with quotas and faults of every kind, in simulated time.

Imported by the CLI and the tests. Start reading at `run`; `callers` makes the calls, `service` responds,
and `invariants` checks the outcome of each.
"""
