"""Generate the validator of each family, the checker and the rule registry.

`wanlib.emit.output` imports it, and `wanlib.emit.client` its headers. Start reading in `module`.
"""
