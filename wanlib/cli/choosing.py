"""What the arguments name: a spec, a model, a rule."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wanlib.base.fine_tuned import base_of
from wanlib.base.shown import shown
from wanlib.base.suggest import suggest, unknown_model
from wanlib.cli.plainly import Refusal, file_name

if TYPE_CHECKING:
    from wanlib.spec import Spec

SpecOption = Annotated[
    Path | None,
    typer.Option("--spec", metavar="DIR", help="Use the spec of this folder instead of the packaged one."),
]
_CODE_FACTS = "wire/errors."
"""How the ids of facts on error codes begin, which are proposed as codes instead."""
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


def a_model(name: str, models: Sequence[str], ending: str) -> str:
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
    raise Refusal(unknown_model(name, models))


def no_rule(name: str, ids: Iterable[str], codes: Iterable[str] = ()) -> Refusal:
    """Return the refusal of a name that is neither a rule id nor an error code, with the nearest of both."""
    by_lower = {code.lower(): code for code in codes}
    known = [each for each in ids if not each.startswith(_CODE_FACTS)]
    near = [each for each in known if name and name in each][:5] or suggest(name, known, 3)
    near_codes = get_close_matches(name.lower(), by_lower, 3, 0.6)
    near = list(dict.fromkeys([by_lower[each] for each in near_codes] + near))[:5]
    meant = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    example = f"; an error code is such as {next(iter(by_lower.values()))}" if by_lower else ""
    listed = f"`wanlib rules` lists the rules{example}"
    return Refusal(f"no rule, fact or error code {shown(name)}; {meant}{listed}")
