"""`wanlib rules`: every rule on one line."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.base.redaction import printable
from wanlib.base.text import format_limit
from wanlib.base.values import limit_to_json
from wanlib.cli.errors import ExitCode, JsonOption, SpecOption, load_spec, resolve_model
from wanlib.cli.output import print_table

if TYPE_CHECKING:
    from wanlib.generated.registry import RuleEntry

_COLUMNS = ("rule", "limit", "outcome", "models")


def rules(
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="Only the rules that apply to this model.")
    ] = None,
    as_json: JsonOption = False,
    spec: SpecOption = None,
) -> int:
    """List the rules.

    One line for each: id, limit, outcome of a violation, models. Prints a table on a terminal, and
    tab-separated columns in a pipe.
    """
    entries, models, ending = _load_entries(spec)
    if model is not None:
        base = resolve_model(model, models, ending)
        entries = {rule: entry for rule, entry in entries.items() if not entry.models or base in entry.models}
    if as_json:
        print(json.dumps([_to_json(rule, entry) for rule, entry in entries.items()], indent=2))
    else:
        print_table(_COLUMNS, [_table_row(rule, entry) for rule, entry in entries.items()], ids=("rule",))
    return ExitCode.OK


def _load_entries(folder: Path | None) -> tuple[Mapping[str, "RuleEntry"], Sequence[str], str]:
    """Return rules by id, models, and the ending of fine-tuned ones; without a folder, the registry's."""
    from wanlib.generated.registry import RULES, RuleEntry

    if folder is not None:
        spec = load_spec(folder)
        entries = {
            rule.id: RuleEntry(*(getattr(rule, name) for name in RuleEntry._fields))
            for rule in spec.rules.values()
        }
        return entries, spec.models, spec.fine_tuned_ending
    from wanlib.generated.checker import ENDING, MODELS

    return RULES, MODELS, ENDING


def _to_json(rule: str, entry: "RuleEntry") -> dict[str, Any]:
    members = {"id": rule, **entry._asdict()}
    return {**members, "limit": limit_to_json(entry.limit), "models": list(entry.models)}


def _table_row(rule: str, entry: "RuleEntry") -> tuple[str, ...]:
    """Return id, limit, outcome and models as text."""
    value = entry.limit.get("is", entry.limit) if isinstance(entry.limit, dict) else entry.limit
    limit = format_limit(tuple(value) if isinstance(value, list) else value, entry.kind) or "true"
    return tuple(map(printable, (rule, limit, entry.outcome, ", ".join(entry.models) or "all")))
