"""Compare what the official SDK and the client send for the same calls.

A separate program (`make parity`); no other package imports it. Start reading at `compare.py`, then
`calls.py`.
"""
