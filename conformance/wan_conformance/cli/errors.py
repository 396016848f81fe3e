"""How a command ends: its exit codes, and every failure as a line for people."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

from wan_conformance.engine.execute import UsageError
from wan_conformance.engine.known_failures import KnownFailuresError
from wan_conformance.report.log import VerdictLogError
from wan_conformance.targets.server.server import ServerUnreachable
from wanlib.base.redaction import printable, safe_repr
from wanlib.spec import SpecError

CONFORMS, FAILS, USAGE, BROKE = range(4)


def print_text(text: str) -> None:
    """Prints a text line by line, as it is safe to print."""
    for line in text.split("\n"):
        typer.echo(printable(line))


@contextmanager
def handle_errors() -> Iterator[None]:
    """Whatever goes wrong is told in a line: what the user can mend as 2, our own faults as 3."""
    try:
        yield
    except (UsageError, VerdictLogError, KnownFailuresError, SpecError) as error:
        _exit(USAGE, str(error))
    except ServerUnreachable as error:
        _exit(FAILS, str(error))
    except BrokenPipeError:
        raise  # whoever read the output has had enough: click ends it quietly
    except OSError as error:
        _exit(USAGE, f"{error.filename or 'a file'}: {error.strerror or error}")
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        _exit(BROKE, f"the harness broke: {safe_repr(error)} at {Path(place.filename).name}:{place.lineno}")


def _exit(code: int, message: str) -> NoReturn:
    for line in message.splitlines():
        typer.echo(f"wan-conformance: {printable(line)}", err=True)
    sys.exit(code)
