"""Work distributed over processes and machines, with the same result for any number of workers.

Imported by `wanlib.cli` and by the harness, inside the functions that need it.
Start reading at `sharing`, then `pools` and `shard_log`.
"""
