"""The client's own HTTP transport: connections with one total deadline, checked addresses, bounded decoding.

Imported by the drivers, once a client is created, because it loads httpx and httpcore.
Start reading at `transport`.
"""
