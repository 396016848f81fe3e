"""The interpretation of answers: which rule has changed, and its new limit.

Imported by `wan_conformance.live.session`.
Start with `knowledge.py`, the state of a run; `loosened.py` and `refused_packs.py` name the changes.
"""
