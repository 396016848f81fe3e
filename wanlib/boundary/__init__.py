"""Boundary cases: for every rule the requests on both sides of its limit, made from the spec alone.

`wanlib explain`, the harness and tests use this package; it imports `wanlib.spec` and `wanlib.base`.
Start in `cases`.
"""
