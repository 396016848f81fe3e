"""Build a Spec from YAML documents: fields, rules, modes, body forms, tables.

Imports `wanlib.spec.model` and `wanlib.spec.source`; only `wanlib.spec.load` imports it.
Start reading in `family.py`.
"""
