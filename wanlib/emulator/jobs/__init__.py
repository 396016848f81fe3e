"""Accepted jobs: their content, outcome, state at a given time, and pictures.

`api`, `storage` and `emulator.py` may import it; it imports `core`.
Start reading in `lifecycle.py`.
"""
