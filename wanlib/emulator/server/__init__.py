"""The emulator on a socket: an ASGI app, run by uvicorn.

The command `wanlib serve`, the harness and tests import it; it imports `emulator.py`, `admin` and `core`.
Start reading in `app.py`.
"""
