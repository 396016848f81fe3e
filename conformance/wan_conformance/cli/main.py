"""The entry point of `wan-conformance`; the command itself needs packages that may be missing."""

import sys

_OURS = ("conformance", "wanlib")


def main() -> None:
    """Runs the command; where a package of the extra is missing, one line says how to get it."""
    for stream in (sys.stdout, sys.stderr):
        # An ASCII terminal can't show the lines of a table: better a "?" than a broken run.
        getattr(stream, "reconfigure", lambda errors: None)(errors="replace")
    try:
        from wan_conformance.cli.commands import app

        app(prog_name="wan-conformance")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not package or package in _OURS:
            raise
        print(f"wan-conformance needs {package}: pip install 'wanlib[conformance]'", file=sys.stderr)
        sys.exit(2)
