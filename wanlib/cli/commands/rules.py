"""`wanlib rules`: every rule in a line."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from wanlib.base.redaction import printable
from wanlib.base.values import plain_limit
from wanlib.cli.errors import FINE, JsonOption, SpecOption, load_spec, resolve_model
from wanlib.cli.output import print_table


class Row(NamedTuple):
    """A rule as it is listed. models: none where it is for all."""

    id: str
    kind: str
    limit: Any
    outcome: str
    models: tuple[str, ...]
    scope: str
    source: str


def rules(
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="Only those that this model has to keep.")
    ] = None,
    as_json: JsonOption = False,
    spec: SpecOption = None,
) -> int:
    """List the rules.

    A line each: id, limit, what the service does when it is broken, models. A table on a terminal, columns
    with tabs between them in a pipe.
    """
    rows, models, ending = _rows(spec)
    if model is not None:
        base = resolve_model(model, models, ending)
        rows = [row for row in rows if not row.models or base in row.models]
    if as_json:
        print(json.dumps([_object(row) for row in rows], indent=2))
    else:
        print_table(("rule", "limit", "outcome", "models"), map(_cells, rows))
    return FINE


def _rows(folder: Path | None) -> tuple[list[Row], Sequence[str], str]:
    """The rules, the models, and the ending of fine-tuned ones: of the registry, or of another spec."""
    if folder is not None:
        spec = load_spec(folder)
        found = [Row(*(getattr(rule, name) for name in Row._fields)) for rule in spec.rules.values()]
        return found, spec.models, spec.fine_tuned_ending
    from wanlib.generated.checker import ENDING, MODELS
    from wanlib.generated.registry import RULES

    return [Row(rule, *entry) for rule, entry in RULES.items()], MODELS, ENDING


def _object(row: Row) -> dict[str, Any]:
    return {**row._asdict(), "limit": plain_limit(row.limit), "models": list(row.models)}


def _cells(row: Row) -> tuple[str, ...]:
    """Id, limit, outcome and models in the words of the reports."""
    from wanlib.base.text import format_limit

    value = row.limit.get("is", row.limit) if isinstance(row.limit, dict) else row.limit
    value = tuple(value) if isinstance(value, list) else value
    said = format_limit(value, row.kind) or "true"
    return tuple(map(printable, (row.id, said, row.outcome, ", ".join(row.models) or "all")))
