"""The requests of a run: the edges of the spec; those to be accepted are packed into few requests.

Imported by `wan_conformance.live` and the command `live`.
Start with `edges.py`; `plan.py` puts the requests in order.
"""
