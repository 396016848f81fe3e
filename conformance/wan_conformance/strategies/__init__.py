"""Hypothesis strategies for whole requests, made from the Spec alone.

valid: requests that keep every rule. breaking: requests that break exactly one. mutilated: real
bodies after an accident.
"""

from wan_conformance.strategies.breaking import breaking
from wan_conformance.strategies.mutate import mutated_bodies
from wan_conformance.strategies.requests import valid

__all__ = ["breaking", "mutated_bodies", "valid"]
