"""Build the model files and body forms of a Spec: fields, rules, modes, pictures.

Imports `wanlib.spec.model` and `wanlib.spec.source`; only `wanlib.spec.load` imports it.
Start reading in `family.py`.
"""
