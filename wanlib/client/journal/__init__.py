"""The write-ahead log of billed calls in an SQLite file, from which `resume` continues after a crash.

Imported by `protocol.context` and `tasks`, only where a journal is used.
Start reading at `journal`.
"""
