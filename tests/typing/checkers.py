"""mypy and pyright as functions: from files to the lines that each refuses."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_MYPY = re.compile(r"(.+?):(\d+)(?::\d+)?: error: .*\[([a-z-]+)\]")

_MYPY_LINE = re.compile(r".+?:(\d+)(?::\d+)?: (error|note): (.*)")

Messages = Mapping[int, Sequence[str]]
"""By line, counted from 1, the messages of its errors."""

Refused = Mapping[str, Mapping[int, set[str]]]
"""By the file's name and the line, counted from 1, the names of the errors there.

Its name alone: mypy's cache tells errors of an unchanged module with the path that it had before.
"""


def mypy(files: Sequence[Path]) -> Refused:
    """The errors of `mypy --strict`."""
    lines = _run("mypy", "--strict", "--no-pretty", "--hide-error-context", *map(str, files)).splitlines()
    return _gathered((line[1], int(line[2]), line[3]) for line in map(_MYPY.match, lines) if line)


def pyright(files: Sequence[Path]) -> Refused:
    """The errors of pyright, in the copy bundled with its package, so that nothing is downloaded."""
    found = json.loads(_run("pyright", "--outputjson", "--pythonpath", sys.executable, *map(str, files)))
    return _gathered(
        (error["file"], error["range"]["start"]["line"] + 1, error.get("rule", "syntax"))
        for error in found["generalDiagnostics"]
        if error["severity"] == "error"
    )


def mypy_messages(file: Path) -> Messages:
    """Return what `mypy --strict` prints of each line; a note belongs to the error before it."""
    messages: dict[int, list[str]] = {}
    for line in _run("mypy", "--strict", "--no-pretty", "--hide-error-context", str(file)).splitlines():
        if parts := _MYPY_LINE.match(line):
            texts = messages.setdefault(int(parts[1]), [])
            if parts[2] == "error":
                texts.append(parts[3])
            else:
                texts[-1] += f"\n{parts[3]}"
    return messages


def pyright_messages(file: Path) -> Messages:
    """Return what pyright prints of each line."""
    messages: dict[int, list[str]] = {}
    for each in json.loads(_run("pyright", "--outputjson", "--pythonpath", sys.executable, str(file)))[
        "generalDiagnostics"
    ]:
        messages.setdefault(each["range"]["start"]["line"] + 1, []).append(each["message"])
    return messages


def _run(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return run.stdout


def _gathered(errors: Iterable[tuple[str, int, str]]) -> Refused:
    found: dict[str, dict[int, set[str]]] = {}
    for path, line, name in errors:
        found.setdefault(Path(path).name, {}).setdefault(line, set()).add(name)
    return found
