"""Commands of the day, in processes of their own or in this one, and the transcript of what they print."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_SHOWN_LINES, _SHOWN_COLUMNS = 14, 150


class Ran(NamedTuple):
    """The output and exit code of a command."""

    code: int
    out: str
    err: str


Run = Callable[[Sequence[str], str], Ran]
"""Runs a command with a text as standard input, in the folder of the day."""


def in_processes(folder: Path, environment: dict[str, str]) -> Run:
    """Return a function that runs each command in a process.

    Args:
        folder: The working directory.
        environment: Variables to add.
    """
    modules = {"wanlib": "wanlib.cli", "wan-conformance": "wan_conformance.cli.main"}

    def run(command: Sequence[str], stdin: str) -> Ran:
        words = list(command)
        if words[0] in modules:
            words[:1] = [sys.executable, "-c", f"from {modules[words[0]]} import main; main()"]
        paths = os.pathsep.join([str(ROOT), str(ROOT / "conformance")])
        done = subprocess.run(
            words,
            cwd=folder,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"} | environment,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


class Transcript:
    """Runs commands, shows each with the beginning of its output, and keeps what was not as expected.

    Attributes:
        results: The result of each step by its title: its problems, none if all was as expected.
    """

    def __init__(self, run: Run, show: Callable[[str], None]) -> None:
        """Begin a transcript; `show` is called with each line."""
        self._run = run
        self._show = show
        self.results: dict[str, list[str]] = {}
        self._title = ""

    def begin(self, title: str) -> None:
        """Begin a step."""
        self._title = title
        self.results[title] = []
        self._show(f"\n== {title}")

    def note(self, text: str) -> None:
        """Show a line."""
        self._show(text)

    def expect(self, is_right: bool, problem: str) -> None:
        """Keep a problem of the step unless something is as expected."""
        if not is_right:
            self.results[self._title].append(problem)
            self._show(f"!! {problem}")

    def run(self, *command: str | Path, code: int = 0, stdin: str = "") -> Ran:
        """Run a command and show it; an exit code other than `code` is a problem."""
        words = [str(word) for word in command]
        ran = self._run(words, stdin)
        shown = shlex.join(words)
        self._show(f"$ {shown}")
        lines = [*ran.err.splitlines(), *ran.out.splitlines()]
        for line in lines[:_SHOWN_LINES]:
            self._show(f"  {line[:_SHOWN_COLUMNS]}")
        if len(lines) > _SHOWN_LINES:
            self._show(f"  … {len(lines) - _SHOWN_LINES} lines more")
        self.expect(ran.code == code, f"{shown} exits {ran.code} instead of {code}")
        return ran

    @property
    def problems(self) -> int:
        """The number of problems."""
        return sum(map(len, self.results.values()))

    def summarize(self) -> None:
        """Show the result of each step."""
        self._show("\n== Summary")
        for title, problems in self.results.items():
            self._show(f"  {'as expected' if not problems else f'{len(problems)} wrong':12} {title}")
            for problem in problems:
                self._show(f"               {problem}")
