"""The conduct of clients: records of a service about them, and the rules that judge the records.

The emulator keeps the record; the pytest plugin, the harness and `wanlib serve --report` judge it.
Start reading in `judge.py`: a record in, a verdict on each rule of `rules.py` out.
"""
