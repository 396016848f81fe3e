"""The `wanlib` command line. The harness builds its own command from `app`, `errors` and `output`.

A command imports what is expensive only when it runs. Start in `app`, then `commands`.
"""

import gc
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

_GC_THRESHOLDS = 20_000, 20, 50
"""Collect garbage rarely: the commands create hardly any reference cycles. With Python's defaults the
collector took about a tenth of the start-up time and a twentieth of the time of `serve`."""


def main() -> None:
    """Run `wanlib` with the arguments of the process and exit with its exit code."""
    gc.set_threshold(*_GC_THRESHOLDS)
    run_program("wanlib", "cli", _load_app)


def run_program(program: str, extra: str, load_app: Callable[[Sequence[str]], Callable[..., Any]]) -> None:
    """Load and run a command-line program; report a package that is missing in one line.

    SIGTERM, which container engines and job schedulers send, ends a command as Ctrl-C does: as a
    KeyboardInterrupt, here with the signal as its argument.

    Args:
        program: The name of the program in messages.
        extra: The extra that installs the packages it needs; without them the exit code is 2.
        load_app: Imports the program and returns it; it receives the arguments of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        # Escape characters that the terminal cannot encode instead of failing.
        getattr(stream, "reconfigure", lambda errors: None)(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app = load_app(sys.argv[1:])
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "wanlib", "wan_conformance"):
            raise
        print(f"{program}: {package} is not installed: pip install 'wanlib[{extra}]'", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt as interruption:  # importing takes a moment
        sys.exit(143 if interruption.args else 130)
    app(prog_name=program)


def _interrupt(number: int, _: object) -> NoReturn:
    raise KeyboardInterrupt(signal.Signals(number))


def _load_app(words: Sequence[str]) -> Callable[..., Any]:
    from wanlib.cli.app import app

    return app(words)
