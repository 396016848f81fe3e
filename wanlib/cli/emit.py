"""`wanlib emit`: the generated code from the spec."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import wanlib
from wanlib.cli.choosing import SpecOption, the_spec
from wanlib.cli.plainly import FINE, NO, Refusal, file_name, printable

if TYPE_CHECKING:
    from wanlib.emit.write import Drift

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
    from wanlib.emit import FOLDER, emitted
    from wanlib.emit.names import EmitError
    from wanlib.emit.write import drift
    from wanlib.spec.checked import LIST, listing
    from wanlib.spec.load import spec_folder

    if not check and not (PACKAGE.parent / "pyproject.toml").is_file():
        raise Refusal(f"{file_name(PACKAGE)} is no source checkout: generated code is written in one alone")
    try:
        files = emitted(the_spec(spec))
    except EmitError as error:
        raise Refusal(f"the spec can't be written as Python: {error}") from None
    found = drift(files, PACKAGE.parent / FOLDER, mend=not check)
    if spec is None:
        found += drift({LIST: listing(spec_folder())}, spec_folder(), mend=not check)
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
    option = "" if spec is None else f" --spec {file_name(spec)}"
    differ = "1 file differs" if len(found) == 1 else f"{len(found)} files differ"
    print(f"{differ} from what the spec yields; to mend: wanlib emit{option}")
    return NO


def _name(drift: "Drift", folder: str) -> str:
    """Where a file stands, for people. folder: of the generated code; the list is in another."""
    return f"{folder if drift.path.suffix == '.py' else 'spec'}/{drift.path.name}"
