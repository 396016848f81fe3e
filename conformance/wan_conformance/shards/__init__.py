"""The work of the workers when a command of the harness is distributed.

Imported by the CLI of the harness, inside the functions that need it.
Start reading at `cases`.
"""
