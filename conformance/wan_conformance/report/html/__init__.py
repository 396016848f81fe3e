"""The HTML report: one self-contained file, made from a log, without external resources.

The CLI and the engine import this package. Start reading in `page.py`; `report.js` is its script.
"""
