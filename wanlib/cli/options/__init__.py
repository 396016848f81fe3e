"""Groups of options that several commands share, each a dataclass with what the options do.

`wanlib.cli` and the command of the harness use this package. Start in `option_groups`.
"""
