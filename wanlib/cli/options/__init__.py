"""Groups of options that several commands share, each a dataclass with what the options do.

Only `wanlib.cli` uses this package. Start in `option_groups`.
"""
