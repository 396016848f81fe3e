"""Generate the typed clients, the classes of single models and the tables of the API.

Only `wanlib.emit.output` imports it. Start reading in `client`.
"""
