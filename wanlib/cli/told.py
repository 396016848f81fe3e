"""All that is known of a rule or fact, as plain data: what `wanlib explain` prints."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wanlib.base.plain_limit import plain_limit
from wanlib.cli.choosing import no_rule
from wanlib.cli.mode_text import modes_of

if TYPE_CHECKING:
    from wanlib.spec import Fact, Rule, Spec


def told(spec: "Spec", name: str, folder: Path | None) -> dict[str, Any]:
    """The account of the rule or fact `name`, JSON values only; members that say nothing are left out.

    folder: where the spec was read from, None for the packaged one. Raises Refusal for an unknown name.
    """
    if name in spec.rules:
        account = _rule(spec, spec.rules[name])
    elif name in spec.facts:
        account = _fact(spec.facts[name])
    else:
        raise no_rule(name, [*spec.rules, *spec.facts], spec.wire["errors"])
    holder = spec.rules[name] if name in spec.rules else spec.facts[name]
    account |= {
        "file": (Path("spec") if folder is None else folder).joinpath(holder.file).as_posix(),
        "line": holder.line,
        "source": source_of(spec, holder.source),
        "notes": holder.notes,
        "statements": _statements(spec, name),
    }
    return {key: value for key, value in account.items() if value not in ("", [], {}, None)}


def _rule(spec: "Spec", rule: "Rule") -> dict[str, Any]:
    return {
        "id": rule.id,
        "kind": rule.kind,
        "limit": _plain(rule.limit),
        "condition": str(rule.condition or ""),
        "modes": modes_of(spec, rule),
        "outcome": rule.outcome,
        "models": list(rule.models or spec.models),
        "scope": rule.scope,
    }


def _fact(fact: "Fact") -> dict[str, Any]:
    return {"id": fact.id, "value": _plain(fact.value)}


def _plain(value: Any) -> Any:
    """A limit or a fact without the notes and the source of its table, which are told beside it."""
    if isinstance(value, dict):
        value = {key: each for key, each in value.items() if key not in ("notes", "source")}
    return plain_limit(value)


def source_of(spec: "Spec", source: str) -> dict[str, Any]:
    """The page and section that a rule stands on, and when the page was read."""
    name, _, section = source.partition("#")
    page: Mapping[str, Any] = spec.sources["pages"].get(name, {})
    told = {key: page[key] for key in ("title", "read", "url") if key in page}
    return {"id": source, "section": section} | told


def _statements(spec: "Spec", name: str) -> list[dict[str, str]]:
    """The statements of the pages, in our words, that the rule encodes."""
    return [
        {"id": key, "says": statement["says"]}
        for key, statement in spec.sources["statements"].items()
        if name in statement.get("rules", ())
    ]
