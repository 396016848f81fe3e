"""What answers mean: which rule has changed, and which limit it has now.

Imported by `wan_conformance.live.session`.
Start with `knowledge.py`, the state of a run; `loosened.py` and `refused_packs.py` name the changes.
"""
