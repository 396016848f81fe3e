"""The targets `client` and `client_async`: the requests, refusals and warnings of the client's verbs.

`targets` imports `clients.py`; `parity` shares the translation of bodies into calls. Start reading at
`target.py`, then `verb_call.py`.
"""
