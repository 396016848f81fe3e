"""The implementation of the pytest plugin `pytest_wanlib`, loaded when a fixture or option is used.

Only `pytest_wanlib` imports it; it may import everything.
Start reading at `session.py`, the shared state of the fixtures of one test; `items.py` turns rules into
pytest items.
"""
