"""Boundary cases: requests on both sides of each limit, made from the spec alone.

`wanlib explain`, the harness and tests use this package; it imports `wanlib.spec` and `wanlib.base`.
Start in `cases`.
"""
