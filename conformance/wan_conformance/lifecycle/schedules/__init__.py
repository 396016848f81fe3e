"""Exhaustive fault schedules: every scenario with up to a number of faults.

Imported by `mutation`, the CLI and the tests. Start reading at `schedules` (which faults, where), then
`scenarios` (what the caller does) and `expected_ends` (what must come of it).
"""
