"""The life cycle of a billed call: sent once, polled until its task ends, settled, resumed after a crash.

Imported by `wanlib.client.core` and the drivers.
Start reading at `lifecycle`, then `submit`, `billing` and `poller`.
"""
