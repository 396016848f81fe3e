"""The shared parts of the emulator: messages, routes, settings, faults, vendor errors.

All packages of the emulator may import it; it imports none of them.
Start reading in `http_messages.py`.
"""
