"""`wanlib spec lint`: what a spec that loads still lacks."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wanlib.base.redaction import printable
from wanlib.cli.errors import CliError, ExitCode, JsonOption, safe_file_name

if TYPE_CHECKING:
    from wanlib.spec.lint import Gap

_VECTORS = "vectors"


def lint(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder of spec files: an overlay, or a complete spec.")
    ],
    vectors: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The vectors of the spec; default: vectors in its folder."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """List what is missing in a spec that loads.

    Each line has file:line: id: what is missing. Listed are rules without a statement or a vector, models
    without a region, and texts that are TODO. Of an overlay, only its own files are checked. A spec that does
    not load (a rule without a source, a region that offers a model without a price) is reported as always.

    Exit 0 if nothing is missing; 1 if something is; 2 if the spec does not load.
    """
    gaps = list_gaps(folder, vectors)
    if as_json:
        print(json.dumps([asdict(gap) for gap in gaps], indent=2))
    else:
        print_gaps(gaps)
    return ExitCode.FAILED if gaps else ExitCode.OK


def list_gaps(folder: Path, vectors: Path | None) -> list["Gap"]:
    """Return what a spec lacks.

    Args:
        folder: The folder of the spec.
        vectors: The folder of its vectors; None for `vectors` in the folder of the spec, if it exists.

    Raises:
        CliError: A folder does not exist, the spec does not load, or a file of vectors is wrong.
    """
    from wanlib.spec import SpecError
    from wanlib.spec.lint import find_gaps, read_expected_rules

    if vectors is None and (folder / _VECTORS).is_dir():
        vectors = folder / _VECTORS
    for path in (folder, vectors):
        if path is not None and not path.is_dir():
            raise CliError(f"{safe_file_name(path)}: no such folder")
    try:
        return find_gaps(folder, None if vectors is None else read_expected_rules(vectors))
    except SpecError as error:
        raise CliError(*error.diagnostics) from None


def print_gaps(gaps: list["Gap"]) -> None:
    """Print a line for each gap, followed by a line that counts them."""
    for gap in gaps:
        print(printable(str(gap)))
    print(f"{len(gaps) or 'nothing'} missing")
