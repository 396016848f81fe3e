"""`wanlib spec lint` and `wanlib new-model`: what a spec that loads still lacks, and a start of one."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wanlib.base.redaction import printable
from wanlib.cli.errors import CliError, ExitCode, JsonOption, load_spec, resolve_model, safe_file_name

if TYPE_CHECKING:
    from wanlib.spec import Spec
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
    """List what a loadable spec still lacks.

    Each output line is "file:line: id: problem". Problems are rules without a statement or a vector, models
    without a region, and texts that are TODO. In an overlay, only its own files are checked. A spec that
    does not load (a rule without a source, a region that offers a model without a price) is reported as by
    other commands.

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
        CliError: A folder does not exist.
        SpecError: The spec does not load, or a file of vectors is wrong.
    """
    from wanlib.spec.lint import find_gaps, read_expected_rules

    if vectors is None and (folder / _VECTORS).is_dir():
        vectors = folder / _VECTORS
    for path in (folder, vectors):
        if path is not None and not path.is_dir():
            raise CliError(f"{safe_file_name(path)}: no such folder")
    return find_gaps(folder, None if vectors is None else read_expected_rules(vectors))


def print_gaps(gaps: list["Gap"]) -> None:
    """Print a line for each gap, followed by a line that counts them."""
    for gap in gaps:
        print(printable(str(gap)))
    print(f"{len(gaps) or 'nothing'} missing")


def new_model(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The name of the new model file, such as wan3.0.")
    ],
    like: Annotated[str, typer.Option(metavar="MODEL", help="The model whose spec file is copied.")],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder of the new files; default: the current one.")
    ] = Path(),
) -> int:
    """Write the spec file of a new model, a copy of another.

    In DIR, NAME.yaml has the fields, limits and notes of MODEL, and statements to fill in;
    vectors/NAME.yaml has a first vector, and stubs for the others. Existing files are not overwritten.
    Missing parts of the new file are listed, as by `wanlib spec lint`.
    """
    from wanlib.spec.new_model import copy_model_file, load_with, vector_stubs

    packaged = load_spec(None)
    family = packaged.family(resolve_model(like, packaged.models, packaged.fine_tuned_ending))
    text = copy_model_file(name, family, out)
    spec = load_with(out, name, text)
    vectors = vector_stubs(spec, name, _smallest_body(spec, name))
    files = {out / f"{name}.yaml": text, out / _VECTORS / f"{name}.yaml": vectors}
    for path in files:
        if path.exists() or path.is_symlink():
            raise CliError(
                f"{safe_file_name(path)}: exists, and is not overwritten; choose another name or --out"
            )
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
        print(f"wrote {safe_file_name(path)}")
    print_gaps([gap for gap in list_gaps(out, None) if gap.file == f"{name}.yaml"])
    return ExitCode.OK


def _smallest_body(spec: "Spec", name: str) -> str:
    """Return the smallest valid body of the first model of a file, as JSON."""
    from wanlib.boundary.body import RequestBuilder
    from wanlib.boundary.mode_cases import mode_cases

    (model, *_) = next(family.models for family in spec.families if family.name == name)
    return json.dumps(RequestBuilder(spec, mode_cases(spec, model)[0]).request({}))
