"""Hypothesis strategies for whole requests, generated from the spec alone.

`valid` generates requests that violate no rule, `breaking` requests that violate exactly one,
`mutated_bodies` real bodies with random changes. The engine, parity and the pytest plugin import these
three. Start reading at `requests.py`.
"""

from wan_conformance.strategies.breaking import breaking
from wan_conformance.strategies.mutate import mutated_bodies
from wan_conformance.strategies.requests import valid

__all__ = ["breaking", "mutated_bodies", "valid"]
