"""Accepted jobs: what they make, how they end, their state at a time, their pictures.

`api`, `storage` and `emulator.py` may import it; it imports `core`.
Start reading in `lifecycle.py`.
"""
