"""`wanlib emit`, `schema` and `openapi`: what is generated from the spec."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import wanlib
from wanlib.base.redaction import printable
from wanlib.cli.errors import CliError, ExitCode, SpecOption, load_spec, resolve_model, safe_file_name

if TYPE_CHECKING:
    from wanlib.emit.output import Drift
    from wanlib.spec import Spec


_PACKAGE = Path(wanlib.__file__).parent


def emit(
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; show the differences, and exit 1 if there are any."),
    ] = False,
    spec: SpecOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PACKAGE",
            help="Write your own package to this folder, with a typed client for the spec.",
        ),
    ] = None,
) -> int:
    """Write the generated code from the spec.

    Without --out, the code is written to wanlib/generated of a source checkout, and the list of checked
    spec files to the folder of the spec. With --out, it is a package that needs only wanlib, such as
    `my_models` with `from my_models import Wan`.

    Exit 0 if the files match the spec (always true after writing); 1 if --check finds a difference.
    """
    if out is not None:
        return _emit_package(out, load_spec(spec), spec, check)
    from wanlib.emit import FOLDER, generate_files
    from wanlib.emit.output import find_drift
    from wanlib.emit.python_text import EmitError
    from wanlib.spec.load import spec_folder
    from wanlib.spec.source.schema_check import LIST, digest_list

    if not check and not (_PACKAGE.parent / "pyproject.toml").is_file():
        raise CliError(
            f"{safe_file_name(_PACKAGE)} is not a source checkout; generated code is only written in one"
        )
    try:
        files = generate_files(load_spec(spec))
    except EmitError as error:
        raise CliError(f"the spec can't be written as Python: {error}") from None
    drifts = find_drift(files, _PACKAGE.parent / FOLDER, write=not check)
    if spec is None:
        drifts += find_drift({LIST: digest_list(spec_folder())}, spec_folder(), write=not check)
    if check:
        return _print_drifts(drifts, FOLDER, spec)
    for drift in drifts:
        print(f"{'removed' if drift.expected is None else 'wrote'} {_display_name(drift, FOLDER)}")
    print(f"{FOLDER}: {len(files)} files match the spec")
    return ExitCode.OK


def _emit_package(folder: Path, spec: "Spec", spec_folder: Path | None, check: bool) -> int:
    """Write or check an own package, and return the exit code."""
    from wanlib.emit.output import find_drift
    from wanlib.emit.own_package import PackageError, generate_package
    from wanlib.emit.python_text import EmitError

    try:
        files = generate_package(spec, folder)
    except PackageError as error:
        raise CliError(f"--out {safe_file_name(folder)}: {error}") from None
    except EmitError as error:
        raise CliError(f"the spec can't be written as Python: {error}") from None
    name = safe_file_name(folder)
    if not check:
        folder.mkdir(parents=True, exist_ok=True)
    drifts = find_drift(files, folder, write=not check)
    if check:
        return _print_drifts(drifts, name, spec_folder, f" --out {name}")
    for drift in drifts:
        print(f"{'removed' if drift.expected is None else 'wrote'} {name}/{drift.path.name}")
    print(f"{name}: {len(files)} files match the spec")
    return ExitCode.OK


def _print_drifts(drifts: Sequence["Drift"], folder: str, spec: Path | None, options: str = "") -> int:
    """Print what differs and the command that corrects it, and return the exit code."""
    for drift in drifts:
        for line in drift.diff(_display_name(drift, folder)):
            print(printable(line))
    if not drifts:
        print(f"{folder} matches the spec")
        return ExitCode.OK
    option = "" if spec is None else f" --spec {safe_file_name(spec)}"
    differ = "1 file differs" if len(drifts) == 1 else f"{len(drifts)} files differ"
    print(f"{differ} from the spec; to update: wanlib emit{option}{options}")
    return ExitCode.FAILED


def _display_name(drift: "Drift", folder: str) -> str:
    """Return where a file is; `folder` is that of the generated code, the list is in the spec."""
    from wanlib.spec.source.schema_check import LIST

    return f"{'spec' if drift.path.name == LIST else folder}/{drift.path.name}"


def schema(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="The model whose request bodies the schema describes.")
    ],
    spec: SpecOption = None,
) -> int:
    """Print the JSON Schema (2020-12) of a model's request bodies."""
    from wanlib.emit.schema.json_schema import schema as exported

    loaded = load_spec(spec)
    base = resolve_model(model, loaded.models, loaded.fine_tuned_ending)
    print(json.dumps(exported(loaded, base), indent=2))
    return ExitCode.OK


def openapi(spec: SpecOption = None) -> int:
    """Print the HTTP API as an OpenAPI 3.1 document."""
    from wanlib.emit.schema.openapi import openapi as exported

    print(json.dumps(exported(load_spec(spec)), indent=2))
    return ExitCode.OK
