"""Preparation of a call: arguments, options, checks, plan, price and request.

Imported by `wanlib.client.core`, by `tasks` and by generated code.
Start reading at `plan`.
"""
