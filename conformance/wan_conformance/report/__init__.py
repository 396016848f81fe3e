"""Write and read the verdict log, and make reports from it: terminal, Markdown, JUnit XML, baseline.

The engine and the CLI import this package. Every report is made from the log alone. Start reading at
`log.py`, then `tally.py`.
"""
