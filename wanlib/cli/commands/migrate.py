"""`wanlib migrate`: convert a request body, or the calls in a Python program, to another model."""

import io
import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.base.redaction import printable, printable_json
from wanlib.cli.errors import (
    CliError,
    ExitCode,
    SpecOption,
    load_spec,
    print_error,
    resolve_model,
    safe_file_name,
)
from wanlib.cli.input_files import read_body, read_bytes, read_lines

if TYPE_CHECKING:
    from wanlib.spec import Spec


def migrate(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A request body in JSON, or a program; - is standard input."),
    ],
    to: Annotated[str, typer.Option("--to", metavar="MODEL", help="The model to convert to.")],
    lines: Annotated[
        bool, typer.Option("--lines", help="Read JSON Lines; print one body for each line.")
    ] = False,
    python: Annotated[
        bool,
        typer.Option(
            "--python",
            help="Read a Python program, which is not run; print the changes to its calls to this "
            "client and to the official SDK as a unified diff.",
        ),
    ] = False,
    spec: SpecOption = None,
) -> int:
    """Convert a body, or the calls in a program, to another model.

    The body or the diff is printed on stdout, a note for each decision on stderr: what is left out, and what
    changes the price, the size or the number of pictures.

    Exit 0 if the other model accepts the result and nothing is lost, 1 if a person must decide, 2 for a usage
    error.
    """
    if lines and python:
        raise CliError("--lines and --python exclude each other")
    loaded = load_spec(spec)
    model = resolve_model(to, loaded.models, loaded.fine_tuned_ending)
    if python:
        return _migrate_program(loaded, file, model)
    if lines:
        numbered = enumerate(read_lines(file), 1)
        return max(_migrate_one(loaded, body, model, f"line {number}: ", None) for number, body in numbered)
    return _migrate_one(loaded, read_body(file), model, "", 2)


def _migrate_program(spec: "Spec", file: str, model: str) -> int:
    """Print the diff of a program and the notes on its calls, and return the exit code."""
    from wanlib.migration.source_files import BYTE_ORDER_MARK, read_source
    from wanlib.migration.source_migration import migrate_source

    name = safe_file_name(file) if file != "-" else "standard input"
    content = read_bytes(file)
    try:
        text, encoding = read_source(content)
        mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
        migration = migrate_source(spec, text.removeprefix(mark), model)
    except SyntaxError as error:
        place = f"{name}:{error.lineno}" if error.lineno else name
        raise CliError(f"{place}: is not valid Python: {error.msg}") from None
    except (RecursionError, MemoryError):  # the parser of Python raises either
        raise CliError(f"{name}: can't be read as Python: its expressions are nested too deeply") from None
    except (ValueError, LookupError) as error:
        raise CliError(f"{name}: can't be read as Python: {error}") from None
    for line, note in migration.notes:
        print_error(f"{name}:{line}: {note}")
    if not migration.calls:
        print_error(f"{name}: no call of another model than {model} was found")
    path = PurePath("program.py" if file == "-" else file).as_posix().lstrip("/")
    diff = "".join(_diff_lines(text, mark + migration.text, path))
    sys.stdout.flush()
    sys.stdout.buffer.write(diff.encode(encoding))
    return ExitCode.FAILED if migration.needs_decision else ExitCode.OK


def _diff_lines(old: str, new: str, path: str) -> Iterator[str]:
    """Yield the lines of a unified diff that `git apply` and `patch -p1` take."""
    before, after = (io.StringIO(text, newline="").readlines() for text in (old, new))
    for line in unified_diff(before, after, f"a/{path}", f"b/{path}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _migrate_one(spec: "Spec", body: Any, model: str, prefix: str, indent: int | None) -> int:
    """Print the body and the notes of one request, and return the exit code for it."""
    from wanlib.migration.body_migration import MigrationError, migrate

    if isinstance(body, Exception):
        print_error(f"{prefix}{body}")
        print("null")
        return ExitCode.FAILED
    try:
        migration = migrate(spec, body, model)
    except MigrationError as error:
        print_error(*(f"{prefix}{printable(line)}" for line in error.lines))
        if indent is None:
            print("null")
        return ExitCode.FAILED
    for note in migration.notes:
        print_error(f"{prefix}{printable(str(note))}")
    for violation in migration.remaining:
        print_error(f"{prefix}refused: {printable(str(violation))}")
    print(printable_json(migration.body, indent))
    return ExitCode.FAILED if migration.needs_decision else ExitCode.OK
