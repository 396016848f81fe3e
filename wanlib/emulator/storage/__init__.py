"""The state of the emulator, in memory or in a data folder: jobs, uploads, accounts, bytes, rates.

`api` and `emulator.py` may import it; it imports `jobs` and `core`.
Start reading in `store.py`.
"""
