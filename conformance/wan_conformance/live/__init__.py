"""Probes of the live service within a budget: their requests, their cost, and the meaning of the answers.

Imported by the command `wan-conformance live` alone.
Start with `probe.py`, the records that all modules share; then `ledger.py`, which keeps the cap.
"""
