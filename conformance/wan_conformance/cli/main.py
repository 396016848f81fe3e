"""The entry point of `wan-conformance`; the commands need packages that may not be installed."""

from collections.abc import Callable, Sequence
from typing import Any

from wanlib.cli import run_program


def main() -> None:
    """Run `wan-conformance` with the arguments of the process and exit with its exit code."""
    run_program("wan-conformance", "conformance", _load_app)


def _load_app(words: Sequence[str]) -> Callable[..., Any]:
    from wan_conformance.cli.commands import app

    return app
