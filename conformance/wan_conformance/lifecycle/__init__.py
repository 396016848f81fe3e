"""Tests of the life cycle of tasks, with faults, in simulated time, against seven invariants.

Five kinds of test share `invariants`, `simulation` (clock, transport, service) and
`clients`: exhaustive fault schedules (`schedules`), model-based stateful tests (`stateful`), crash tests
(`crash`), load tests (`load`) and mutation tests of the state table (`mutation`). Only
`wan_conformance.cli` and the tests import this package. Start reading at `invariants`.
"""
