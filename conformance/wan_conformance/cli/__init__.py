"""The `wan-conformance` command line.

Nothing imports it but `wan_conformance.__main__`. Start in `commands`; `main` is the entry point.
"""
