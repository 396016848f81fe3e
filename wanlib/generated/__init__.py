"""The code that `wanlib emit` writes from `spec/`; never edited by hand.

`wanlib` and `wanlib.cli` may import it. Start reading with `checker.py`, then `client.py` and a validator
such as `wan2_7.py`.
"""
