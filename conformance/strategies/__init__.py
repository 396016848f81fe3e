"""Hypothesis strategies for whole requests, made from the Spec alone.

valid: requests that keep every rule. breaking: requests that break exactly one. mutilated: real
bodies that have been through an accident.
"""

from conformance.strategies.valid import Question, valid

__all__ = ["Question", "valid"]
