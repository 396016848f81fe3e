"""How a command ends: its exit codes, and every failure as a line for people."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

from conformance.job import UsageError
from conformance.known import KnownError
from conformance.report.log import LogError
from conformance.report.words import printable
from conformance.targets.server import Unreachable
from wanlib.base.shown import shown
from wanlib.spec import SpecError

CONFORMS, FAILS, USAGE, BROKE = range(4)


def tell(text: str) -> None:
    """Prints a text line by line, as it is safe to print."""
    for line in text.split("\n"):
        typer.echo(printable(line))


@contextmanager
def plainly() -> Iterator[None]:
    """Whatever goes wrong is told in a line: what the user can mend as 2, our own faults as 3."""
    try:
        yield
    except (UsageError, LogError, KnownError, SpecError) as error:
        _stop(USAGE, str(error))
    except Unreachable as error:
        _stop(FAILS, str(error))
    except BrokenPipeError:
        raise  # whoever read the output has had enough: click ends it quietly
    except OSError as error:
        _stop(USAGE, f"{error.filename or 'a file'}: {error.strerror or error}")
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        _stop(BROKE, f"the harness broke: {shown(error)} at {Path(place.filename).name}:{place.lineno}")


def _stop(code: int, message: str) -> NoReturn:
    for line in message.splitlines():
        typer.echo(f"wan-conformance: {printable(line)}", err=True)
    sys.exit(code)
