"""What goes wrong, told in plain lines and exit codes: never a traceback."""

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer

from wanlib.base.api_tables import base_of
from wanlib.base.extras import missing
from wanlib.base.redaction import printable, redact_text, safe_repr
from wanlib.base.text import suggest, unknown_model

if TYPE_CHECKING:
    from wanlib.spec import Spec


FINE, NO, USAGE, BROKE = range(4)
INTERRUPTED, PIPE_CLOSED = 130, 141  # what a shell reports of SIGINT and SIGPIPE
_EXTRAS = dict.fromkeys(("PIL", "hypothesis", "respx", "pytest"), "conformance") | dict.fromkeys(
    ("starlette", "uvicorn", "httptools"), "emulator"
)
"""What brings the packages that the extra [cli] does not."""
_LONGEST_NAME = 255

Arguments = ParamSpec("Arguments")


class CliError(Exception):
    """Something that the user can mend, one line for each complaint. The command ends with exit code 2."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


def handle_errors(command: Callable[Arguments, int]) -> Callable[Arguments, None]:
    """`command`, whose result is its exit code, with every error told in a line."""

    @wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
            print(end="", flush=True)  # while a full disk or a closed pipe can still be told
        except (Exception, KeyboardInterrupt) as error:
            code = _report(error)
        raise typer.Exit(code)

    return run


def safe_file_name(name: str | Path) -> str:
    """A file's name as messages may show it; a URL or a body that was given instead shows no secret."""
    text = str(name)
    if len(text) > _LONGEST_NAME or "://" in text or "data:" in text.lower():
        text = redact_text(text)
    return printable(text)


def _report(error: BaseException) -> int:
    """Says on stderr what went wrong; the exit code for it."""
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED
        case BrokenPipeError():
            _discard_stdout()
            return PIPE_CLOSED
        case CliError():
            print_error(*error.lines)
        case ModuleNotFoundError() if error.name and not error.name.startswith(("wanlib", "conformance")):
            package = error.name.partition(".")[0]
            print_error(missing(_EXTRAS.get(package, "cli"), package))
        case OSError():
            if error.filename is None:
                _discard_stdout()
            print_error(f"{safe_file_name(error.filename or 'standard output')}: {error.strerror or error}")
        case RecursionError():
            print_error("the input nests too deep to be read")
        case MemoryError():
            print_error("the input is larger than the memory that is free")
        case _:
            last = traceback.extract_tb(error.__traceback__)[-1]
            print_error(f"a fault of wanlib: {safe_repr(error)} at {Path(last.filename).name}:{last.lineno}")
            return BROKE
    return USAGE


def print_error(*lines: str) -> None:
    """Says on stderr what went wrong, or what to know."""
    for line in lines:
        print(f"wanlib: {printable(line)}", file=sys.stderr)


def _discard_stdout() -> None:
    """Sends what stdout still holds to nowhere: Python would flush it at its end, and complain."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


SpecOption = Annotated[
    Path | None,
    typer.Option("--spec", metavar="DIR", help="Use the spec of this folder instead of the packaged one."),
]
_CODE_FACTS = "wire/errors."
"""How the ids of facts on error codes begin, which are proposed as codes instead."""
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def load_spec(folder: Path | None) -> "Spec":
    """The Spec of a folder, the packaged one for None. Raises Refusal with all complaints."""
    from wanlib.spec import SpecError, load

    if folder is not None and not folder.is_dir():
        raise CliError(f"--spec {safe_file_name(folder)}: there is no such folder")
    try:
        return load(folder)
    except SpecError as error:
        raise CliError(*error.diagnostics) from None


def resolve_model(name: str, models: Sequence[str], ending: str) -> str:
    """Return the listed model that a name means: itself, or the base of a fine-tuned one.

    Args:
        name: The argument.
        models: The listed models.
        ending: The ending of the ids of fine-tuned models.

    Raises:
        Refusal: The name means no model; the nearest is proposed.
    """
    if (base := base_of(name, models, ending)) is not None:
        return base
    raise CliError(unknown_model(name, models))


def unknown_rule_error(name: str, ids: Iterable[str], codes: Iterable[str] = ()) -> CliError:
    """Return the refusal of a name that is neither a rule id nor an error code, with the nearest of both."""
    by_lower = {code.lower(): code for code in codes}
    known = [each for each in ids if not each.startswith(_CODE_FACTS)]
    near = [each for each in known if name and name in each][:5] or suggest(name, known, 3)
    near_codes = get_close_matches(name.lower(), by_lower, 3, 0.6)
    near = list(dict.fromkeys([by_lower[each] for each in near_codes] + near))[:5]
    meant = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    example = f"; an error code is such as {next(iter(by_lower.values()))}" if by_lower else ""
    listed = f"`wanlib rules` lists the rules{example}"
    return CliError(f"no rule, fact or error code {safe_repr(name)}; {meant}{listed}")
