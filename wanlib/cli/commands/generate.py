"""`wanlib emit`: the generated code from the spec."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import wanlib
from wanlib.base.redaction import printable
from wanlib.cli.errors import FINE, NO, CliError, SpecOption, load_spec, resolve_model, safe_file_name

if TYPE_CHECKING:
    from wanlib.emit.output import Drift


PACKAGE = Path(wanlib.__file__).parent


def emit(
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; show what differs, exit 1 if anything does."),
    ] = False,
    spec: SpecOption = None,
) -> int:
    """Write the generated code from the spec.

    It stands in wanlib/generated of a source checkout; the list of the spec files that were checked stands
    beside them. Exit 0 where the files are what the spec yields, as they are after writing; 1 where --check
    finds that they differ.
    """
    from wanlib.emit import FOLDER, generate_files
    from wanlib.emit.output import find_drift
    from wanlib.emit.python_text import EmitError
    from wanlib.spec.load import spec_folder
    from wanlib.spec.source.schema_check import LIST, digest_list

    if not check and not (PACKAGE.parent / "pyproject.toml").is_file():
        raise CliError(
            f"{safe_file_name(PACKAGE)} is no source checkout: generated code is written in one alone"
        )
    try:
        files = generate_files(load_spec(spec))
    except EmitError as error:
        raise CliError(f"the spec can't be written as Python: {error}") from None
    found = find_drift(files, PACKAGE.parent / FOLDER, mend=not check)
    if spec is None:
        found += find_drift({LIST: digest_list(spec_folder())}, spec_folder(), mend=not check)
    if check:
        return _shown(found, FOLDER, spec)
    for each in found:
        print(f"{'removed' if each.due is None else 'wrote'} {_name(each, FOLDER)}")
    print(f"{FOLDER}: {len(files)} files are what the spec yields")
    return FINE


def _shown(found: Sequence["Drift"], folder: str, spec: Path | None) -> int:
    """Prints what differs, and the command that mends it."""
    for each in found:
        for line in each.diff(_name(each, folder)):
            print(printable(line))
    if not found:
        print(f"{folder} is what the spec yields")
        return FINE
    option = "" if spec is None else f" --spec {safe_file_name(spec)}"
    differ = "1 file differs" if len(found) == 1 else f"{len(found)} files differ"
    print(f"{differ} from what the spec yields; to mend: wanlib emit{option}")
    return NO


def _name(drift: "Drift", folder: str) -> str:
    """Where a file stands, for people. folder: of the generated code; the list is in another."""
    return f"{folder if drift.path.suffix == '.py' else 'spec'}/{drift.path.name}"


def schema(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model whose bodies it describes.")],
    spec: SpecOption = None,
) -> int:
    """Print a model's JSON Schema (2020-12)."""
    from wanlib.emit.schema.json_schema import schema as exported

    loaded = load_spec(spec)
    base = resolve_model(model, loaded.models, loaded.fine_tuned_ending)
    print(json.dumps(exported(loaded, base), indent=2))
    return FINE


def openapi(spec: SpecOption = None) -> int:
    """Print the HTTP surface as OpenAPI 3.1."""
    from wanlib.emit.schema.openapi import openapi as exported

    print(json.dumps(exported(load_spec(spec)), indent=2))
    return FINE
