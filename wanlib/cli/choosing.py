"""What the arguments name: a spec, a model, a rule."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wanlib.base.shown import shown
from wanlib.base.suggest import suggest, unknown_model
from wanlib.cli.plainly import Refusal, file_name

if TYPE_CHECKING:
    from wanlib.spec import Spec

SpecOption = Annotated[
    Path | None,
    typer.Option("--spec", metavar="DIR", help="Use the spec of this folder instead of the packaged one."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def the_spec(folder: Path | None) -> "Spec":
    """The Spec of a folder, the packaged one for None. Raises Refusal with all complaints."""
    from wanlib.spec import SpecError, load

    if folder is not None and not folder.is_dir():
        raise Refusal(f"--spec {file_name(folder)}: there is no such folder")
    try:
        return load(folder)
    except SpecError as error:
        raise Refusal(*error.complaints) from None


def a_model(name: str, models: Sequence[str]) -> str:
    """`name`, where it is one of `models`. Raises Refusal, which proposes the nearest."""
    if name in models:
        return name
    raise Refusal(unknown_model(name, models))


def no_rule(name: str, ids: Iterable[str]) -> Refusal:
    """The refusal of an unknown rule id: ids that end like it, else those most like it, are proposed."""
    known = list(ids)
    near = [each for each in known if name and name in each][:5] or suggest(name, known, 3)
    meant = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    return Refusal(f"no rule or fact {shown(name)}; {meant}`wanlib rules` lists the rules")
