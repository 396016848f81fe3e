"""What workers compute when a command of the harness is shared out.

Imported by the CLI of the harness, inside the functions that need it.
Start reading at `cases`.
"""
