"""The commands of `wanlib`, each a function that returns its exit code.

Only `wanlib.cli.app` imports them. Start in `check`, the simplest; paid calls are in `calls.create`.
"""
