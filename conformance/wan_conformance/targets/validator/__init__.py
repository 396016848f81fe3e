"""Validators of other projects as targets: functions in Python, and programs in any language.

`engine.execute` makes them for `--target module:callable` and `--target exec:COMMAND`. `target.py` has the
target, `functions.py` and `programs.py` call the two kinds, and `answers.py` reads their answers.
"""
