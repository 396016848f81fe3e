"""The `wanlib` command. Everything heavy is imported by the command that needs it, when it runs."""

import sys


def main() -> None:
    """Runs the command with the arguments of the process, and ends it with the command's exit code.

    Without the extra `[cli]` one line on stderr says what to install, and the exit code is 2.
    """
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
