"""The targets `client` and `client_async`: what the verbs of the client send, refuse and warn of.

`targets` imports `clients.py`; `parity` shares the translation of bodies into calls. Start reading at
`target.py`, then `verb_call.py`.
"""
