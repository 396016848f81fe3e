"""The `wanlib` command. Everything heavy is imported by the command that needs it, when it runs."""

import gc
import sys

_SELDOM = 20_000, 20, 50
"""When the collector looks for rings: hardly any are made, and to go through all that is loaded, again and
again, is a tenth of a start and a twentieth of all that `serve` does."""


def main() -> None:
    """Runs the command with the arguments of the process, and ends it with the command's exit code.

    Without the extra `[cli]` one line on stderr says what to install, and the exit code is 2.
    """
    gc.set_threshold(*_SELDOM)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that has no sign for a character shows its escape: better than a broken run.
        getattr(stream, "reconfigure", lambda errors: None)(errors="backslashreplace")
    try:
        from wanlib.cli.app import app

        run = app(sys.argv[1:])
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "wanlib":
            raise
        print(f"wanlib: the command needs {error.name}: pip install 'wanlib[cli]'", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:  # it takes a moment to import
        sys.exit(130)
    run(prog_name="wanlib")
