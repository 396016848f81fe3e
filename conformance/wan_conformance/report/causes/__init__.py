"""Failures grouped by cause, each with ways to repeat it: commands, a request, a vector.

The other reports, the CLI and the pytest plugin import this package. Start reading in `grouping.py`.
"""
