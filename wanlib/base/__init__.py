"""Code that all parts of wanlib share; it imports only the standard library.

Imported by everything, because imports between the other packages go in one direction.
Start reading at `violation`, then `messages` and `api_tables`.
"""
