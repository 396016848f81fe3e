"""The live service, probed within a budget: what to ask, what it may cost, and what the answers mean.

Imported by the command `wan-conformance live` alone.
Start with `probe.py`, the records that all modules share; then `ledger.py`, which keeps the cap.
"""
