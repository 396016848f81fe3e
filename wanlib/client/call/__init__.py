"""A call before it is sent: arguments, options, checks, plan, price and the request that it becomes.

Imported by `wanlib.client.core`, by `tasks` and by generated code.
Start reading at `plan`.
"""
