"""Exit codes and error messages of the commands.

`handle_errors` turns every exception of a command into one line on stderr and an exit code, for `wanlib` and
for the harness. `load_spec`, `resolve_model` and `unknown_rule_error` are look-ups that commands share.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from enum import IntEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer

from wanlib.base.identifiers import base_model
from wanlib.base.redaction import printable, redact_text, safe_repr
from wanlib.base.text import suggest, unknown_model_message
from wanlib.extras import missing_extra_message
from wanlib.input_error import InputError

if TYPE_CHECKING:
    from wanlib.spec import Spec

Arguments = ParamSpec("Arguments")


class ExitCode(IntEnum):
    """How a command ended.

    Attributes:
        OK: Success.
        FAILED: A rule is violated, a request was refused, an image is missing, or the like.
        USAGE: Wrong arguments, unreadable input, a broken spec, a missing key or package.
        INTERNAL: A defect of the program itself.
        INTERRUPTED: Ctrl-C, as shells report SIGINT.
        PIPE_CLOSED: The reader of the output ended, as shells report SIGPIPE.
        TERMINATED: The process was asked to end, as shells report SIGTERM.
    """

    OK = 0
    FAILED = 1
    USAGE = 2
    INTERNAL = 3
    INTERRUPTED = 130
    PIPE_CLOSED = 141
    TERMINATED = 143


class CliError(InputError):
    """An argument, an option or an input of a command is wrong."""


_EXTRA_OF_PACKAGE = (
    dict.fromkeys(("PIL", "hypothesis", "respx", "pytest"), "conformance")
    | dict.fromkeys(("starlette", "uvicorn", "httptools"), "emulator")
    | {"joblib": "scale", "distributed": "cluster"}
)
"""The extra that installs a package; every other package comes with that of the program."""


def handle_errors(
    command: Callable[Arguments, int],
    program: str = "wanlib",
    extra: str = "cli",
    failures: type[Exception] | None = None,
) -> Callable[Arguments, None]:
    """Wrap a command that returns its exit code: every exception becomes a message and an exit code.

    Args:
        command: The command.
        program: The name of the program in messages.
        extra: The extra that installs the packages that the program itself needs.
        failures: The base of the exceptions that mean failure, exit code 1; None if there are none.
    """

    @wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            code: int = command(*args, **kwargs)
            print(end="", flush=True)  # a full disk or a closed pipe is still reported
        except (Exception, KeyboardInterrupt) as error:
            if failures is not None and isinstance(error, failures):
                print_error(*str(error).splitlines(), program=program)
                code = ExitCode.FAILED
            else:
                code = _report(error, program, extra)
        raise typer.Exit(int(code))

    return run


def _report(error: BaseException, program: str, extra: str) -> ExitCode:
    """Print what went wrong to stderr and return the exit code for it."""
    match error:
        case KeyboardInterrupt(args=(signal.SIGTERM,)):
            return ExitCode.TERMINATED
        case KeyboardInterrupt():
            return ExitCode.INTERRUPTED
        case BrokenPipeError():
            _discard_stdout()
            return ExitCode.PIPE_CLOSED
        case InputError():
            print_error(*error.lines, program=program)
        case ModuleNotFoundError() if error.name and not error.name.startswith(("wanlib", "wan_conformance")):
            package = error.name.partition(".")[0]
            extra = _EXTRA_OF_PACKAGE.get(package, extra)
            print_error(missing_extra_message(extra, package), program=program)
        case OSError():
            if error.filename is None:
                _discard_stdout()
            name = safe_file_name(error.filename or "standard output")
            print_error(f"{name}: {error.strerror or error}", program=program)
        case RecursionError():
            print_error("the input is nested too deeply", program=program)
        case MemoryError():
            print_error("the input is larger than the free memory", program=program)
        case _:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(frame.filename).name}:{frame.lineno}"
            print_error(f"internal error: {safe_repr(error)} at {place}", program=program)
            return ExitCode.INTERNAL
    return ExitCode.USAGE


def print_error(*lines: str, program: str = "wanlib") -> None:
    """Print messages to stderr, each with the name of the program before it."""
    for line in lines:
        print(f"{program}: {printable(line)}", file=sys.stderr)


def _discard_stdout() -> None:
    """Discard the buffer of stdout: Python would flush it at exit and print a second error."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_MAX_NAME = 255


def safe_file_name(name: str | Path) -> str:
    """Return a file name for messages; a URL or data URI passed in its place is redacted."""
    text = str(name)
    if len(text) > _MAX_NAME or "://" in text or "data:" in text.lower():
        text = redact_text(text)
    return printable(text)


SpecOption = Annotated[
    Path | None,
    typer.Option("--spec", metavar="DIR", help="Use the spec in this folder instead of the packaged one."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_ERROR_CODE_FACTS = "wire/errors."
"""Prefix of the ids of facts about error codes; the code itself is proposed instead."""


def load_spec(folder: Path | None) -> "Spec":
    """Load a spec.

    Args:
        folder: Where it is; None for the packaged one.

    Raises:
        CliError: The folder does not exist.
        SpecError: The spec is broken; one line for each problem.
    """
    from wanlib.spec import load

    if folder is not None and not folder.is_dir():
        raise CliError(f"--spec {safe_file_name(folder)}: no such folder")
    return load(folder)


def resolve_model(name: str, models: Sequence[str], ending: str) -> str:
    """Return the listed model that a name means: itself, or the base of a fine-tuned one.

    Args:
        name: The argument.
        models: The listed models.
        ending: The ending of the ids of fine-tuned models.

    Raises:
        CliError: No model has this name; the message proposes the nearest.
    """
    if (base := base_model(name, models, ending)) is not None:
        return base
    raise CliError(unknown_model_message(name, models))


def unknown_rule_error(name: str, ids: Iterable[str], codes: Iterable[str] = ()) -> CliError:
    """Return the error for a name that is neither a rule id nor an error code, with the nearest of both.

    Args:
        name: The argument.
        ids: The ids of all rules and facts.
        codes: All documented error codes.
    """
    by_lower = {code.lower(): code for code in codes}
    known = [rule_id for rule_id in ids if not rule_id.startswith(_ERROR_CODE_FACTS)]
    near = [rule_id for rule_id in known if name and name in rule_id][:5] or suggest(name, known, 3)
    near_codes = [by_lower[code] for code in get_close_matches(name.lower(), by_lower, 3, 0.6)]
    near = list(dict.fromkeys(near_codes + near))[:5]
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    example = f"; an error code is such as {next(iter(by_lower.values()))}" if by_lower else ""
    listed = f"`wanlib rules` lists the rules{example}"
    return CliError(f"no rule, fact or error code {safe_repr(name)}; {hint}{listed}")
