"""The calls of the service: from a request to a response, without a socket.

`emulator.py` alone imports it; it imports `jobs`, `storage` and `core`.
Start reading in `router.py`.
"""
