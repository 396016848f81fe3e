"""Write and read the verdict log, and generate reports from it: terminal, Markdown, JUnit XML, baseline.

The engine and the CLI import this package. Every report is generated from the log alone. Start reading at
`log.py`, then `tally.py`.
"""
