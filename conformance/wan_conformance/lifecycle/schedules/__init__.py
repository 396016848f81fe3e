"""Exhaustive fault schedules: every scenario with up to a number of faults.

Imported by `mutation`, the CLI and the tests. Start reading at `schedules` (which faults, where), then
`scenarios` (the steps of the caller) and `expected_ends` (the required results).
"""
