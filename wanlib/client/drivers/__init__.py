"""The only code of the client that does I/O: it runs steps over httpx, in a thread or on asyncio.

Imported by the clients and the streams.
Start reading at `sync_driver`; `http_adapter` is the interface to httpx.
"""
