"""What goes wrong, told in plain lines and exit codes: never a traceback."""

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import typer

from wanlib.base.extras import missing
from wanlib.base.shown import safe_text, shown

FINE, NO, USAGE, BROKE = range(4)
INTERRUPTED, PIPE_CLOSED = 130, 141  # what a shell reports of SIGINT and SIGPIPE
_EXTRAS = dict.fromkeys(("PIL", "hypothesis", "respx", "pytest"), "conformance") | dict.fromkeys(
    ("starlette", "uvicorn", "httptools"), "emulator"
)
"""What brings the packages that the extra [cli] does not."""
_LONGEST_NAME = 255

Arguments = ParamSpec("Arguments")


class Refusal(Exception):
    """Something that the user can mend, one line for each complaint. The command ends with exit code 2."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


def plainly(command: Callable[Arguments, int]) -> Callable[Arguments, None]:
    """`command`, whose result is its exit code, with every error told in a line."""

    @wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
            print(end="", flush=True)  # while a full disk or a closed pipe can still be told
        except (Exception, KeyboardInterrupt) as error:
            code = _told(error)
        raise typer.Exit(code)

    return run


def printable(text: str) -> str:
    """`text` with everything written out that could move a cursor, end a line or colour a terminal."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def file_name(name: str | Path) -> str:
    """A file's name as messages may show it; a URL or a body that was given instead shows no secret."""
    text = str(name)
    if len(text) > _LONGEST_NAME or "://" in text or "data:" in text.lower():
        text = safe_text(text)
    return printable(text)


def _told(error: BaseException) -> int:
    """Says on stderr what went wrong; the exit code for it."""
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED
        case BrokenPipeError():
            _silence()
            return PIPE_CLOSED
        case Refusal():
            complain(*error.lines)
        case ModuleNotFoundError() if error.name and not error.name.startswith(("wanlib", "conformance")):
            package = error.name.partition(".")[0]
            complain(missing(_EXTRAS.get(package, "cli"), package))
        case OSError():
            if error.filename is None:
                _silence()
            complain(f"{file_name(error.filename or 'standard output')}: {error.strerror or error}")
        case RecursionError():
            complain("the input nests too deep to be read")
        case MemoryError():
            complain("the input is larger than the memory that is free")
        case _:
            last = traceback.extract_tb(error.__traceback__)[-1]
            complain(f"a fault of wanlib: {shown(error)} at {Path(last.filename).name}:{last.lineno}")
            return BROKE
    return USAGE


def complain(*lines: str) -> None:
    """Says on stderr what went wrong, or what to know."""
    for line in lines:
        print(f"wanlib: {printable(line)}", file=sys.stderr)


def _silence() -> None:
    """Sends what stdout still holds to nowhere: Python would flush it at its end, and complain."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
