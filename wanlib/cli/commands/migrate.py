"""`wanlib migrate`: a request body carried to another model."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.base.redaction import printable
from wanlib.cli.errors import ExitCode, SpecOption, load_spec, print_error, resolve_model
from wanlib.cli.input_files import read_body, read_lines

if TYPE_CHECKING:
    from wanlib.spec import Spec


def migrate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A request body in JSON; - is standard input.")],
    to: Annotated[str, typer.Option("--to", metavar="MODEL", help="The model that the body is carried to.")],
    lines: Annotated[
        bool, typer.Option("--lines", help="Read JSON Lines; print one body for each line.")
    ] = False,
    spec: SpecOption = None,
) -> int:
    """Carry a request body to another model.

    The body is printed on stdout, a note for each decision on stderr: what is left out, and what changes the
    price, the size or the number of pictures.

    Exit 0 if the other model accepts the body and nothing is lost, 1 if a person must decide, 2 for a usage
    error.
    """
    loaded = load_spec(spec)
    model = resolve_model(to, loaded.models, loaded.fine_tuned_ending)
    if lines:
        numbered = enumerate(read_lines(file), 1)
        return max(_migrate_one(loaded, body, model, f"line {number}: ", None) for number, body in numbered)
    return _migrate_one(loaded, read_body(file), model, "", 2)


def _migrate_one(spec: "Spec", body: Any, model: str, prefix: str, indent: int | None) -> int:
    """Print the body and the notes of one request, and return the exit code for it."""
    from wanlib.migration.carrying import MigrationError, migrate

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
    print(json.dumps(migration.body, indent=indent, ensure_ascii=False))
    return ExitCode.FAILED if migration.needs_decision else ExitCode.OK
