"""What all parts of wanlib share; it imports the standard library only.

Imported by everything, because the arrows between the other packages point in one direction.
Start reading at `violation`, then `messages` and `api_tables`.
"""
