"""Code that all parts of wanlib share; it imports only the standard library.

Imported by everything, because the arrows between the other packages point in one direction.
Start reading at `violation`, then `messages` and `api_tables`.
"""
