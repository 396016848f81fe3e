"""The requests of a probe: the edges of the spec, those to be accepted packed into few requests.

Imported by `wan_conformance.live` and the command `live`.
Start with `edges.py`; `plan.py` puts the requests in order.
"""
