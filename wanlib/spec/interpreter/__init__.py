"""The interpreter of request bodies: decode, check, count pictures.

Walks the Spec itself. Used by the emulator, the harness and `wanlib check --spec`; imports only the model.
Start reading in `interpret.py`.
"""
