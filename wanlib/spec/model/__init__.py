"""The Spec and its vocabulary: rules, fields, modes, kinds, predicates, hints.

Imports `wanlib.base` and `wanlib.validation` only; every other part of `wanlib.spec` imports it.
Start reading in `model.py`.
"""
