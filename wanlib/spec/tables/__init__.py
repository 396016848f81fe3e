"""The tables of a spec, whichever file states them: their rules and facts, and checks across files.

Imports `wanlib.spec.model` and `wanlib.spec.source`; only `wanlib.spec.load` imports it.
Start reading in `own_tables.py`.
"""
