"""The conduct of clients: what a service saw of them, and the rules that judge it.

The emulator keeps the record; the pytest plugin, the harness and `wanlib serve --report` judge it.
Start reading in `judge.py`: a record in, a verdict on each rule of `rules.py` out.
"""
