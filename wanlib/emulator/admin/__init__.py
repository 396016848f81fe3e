"""The admin page and the JSON control API behind it. Not part of the emulated service.

`server` alone imports it; it imports `emulator.py`.
Start reading in `api.py`.
"""
