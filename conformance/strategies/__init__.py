"""Hypothesis strategies for whole requests, made from the Spec alone.

valid: requests that keep every rule. breaking: requests that break exactly one. mutilated: real
bodies after an accident.
"""

from conformance.strategies.breaking import breaking
from conformance.strategies.mutilate import mutilated
from conformance.strategies.valid import valid

__all__ = ["breaking", "mutilated", "valid"]
