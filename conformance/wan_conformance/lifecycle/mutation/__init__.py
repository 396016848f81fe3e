"""Mutation tests of the state table: each single fault in `task.yaml` or the poll schedule must be detected.

Imported by the CLI and the tests. Start reading at `run`; `mutants` makes the faults, `service_checks` and
`client_checks` kill them, and `equivalence` lists those that nothing can kill.
"""
