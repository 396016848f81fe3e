"""All that is known of a rule or fact, as plain data: what `wanlib explain` prints."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wanlib.base.values import plain_limit
from wanlib.cli.errors import unknown_rule_error

if TYPE_CHECKING:
    from wanlib.boundary.case import Case
    from wanlib.spec import Fact, Family, Rule, Spec
    from wanlib.spec.model.modes import Expression


def boundary_examples(spec: "Spec", rule: str) -> dict[str, Any]:
    """`keeps` and `breaks`: each the body, redacted, its call if one is told, and what is said of it.

    A side is missing where no body shows it: rules on tasks, headers and answers have neither. Raises
    ModuleNotFoundError without the packages that draw pictures.
    """
    from wanlib.base.redaction import redact_json
    from wanlib.spec import interpret

    told = {}
    for side, case in _nearest_cases(spec, rule).items():
        body, call = case.question.body, case.question.call
        told[side] = {
            "body": redact_json(body),
            "call": call,
            "messages": [str(each) for each in interpret(spec, body, call)],
        }
    return told


def _nearest_cases(spec: "Spec", rule: str) -> dict[str, "Case"]:
    """The first case that breaks the rule, and the one before it that keeps it, else the first after it.

    No more cases are made than that takes: some hold pictures of 20 MB.
    """
    from wanlib.boundary.cases import boundary_cases

    found: dict[str, Case] = {}
    for case in boundary_cases(spec, rule):
        if case.breaks:
            found.setdefault("breaks", case)
        elif "breaks" not in found or "keeps" not in found:
            found["keeps"] = case
        if len(found) == 2:
            break
    return {side: found[side] for side in ("keeps", "breaks") if side in found}


def format_modes(spec: "Spec", rule: "Rule") -> dict[str, str]:
    """The modes that a rule hangs on, directly or through modes: expression by name."""
    from wanlib.spec import Condition

    family = next((each for each in spec.families if rule.id.startswith(f"{each.name}/")), None)
    found: dict[str, str] = {}
    for each in (rule.condition, rule.limit):
        if family is not None and isinstance(each, Condition):
            _gather(family, each.mode, found)
    return found


def _gather(family: "Family", mode: str, found: dict[str, str]) -> None:
    from wanlib.spec.model.modes import referenced_names

    found[mode] = _condition_text(family.modes[mode])
    for name in sorted(referenced_names(family.modes[mode])):
        if name in family.modes and name not in found:
            _gather(family, name, found)


def _condition_text(expression: "Expression") -> str:
    from wanlib.spec.model.modes import BoolOp, Comparison, ItemCount, Name, Not

    match expression:
        case Name(name):
            return name
        case Comparison(left, operator, literal):
            subject = f"count({left.name})" if isinstance(left, ItemCount) else left.name
            return f"{subject} {operator} {literal!r}"
        case Not(inner):
            return f"not {_part(inner)}"
        case BoolOp(word, parts):
            return f" {word} ".join(map(_part, parts))


def _part(expression: "Expression") -> str:
    from wanlib.spec.model.modes import BoolOp

    text = _condition_text(expression)
    return f"({text})" if isinstance(expression, BoolOp) else text


def rule_details(spec: "Spec", name: str, folder: Path | None) -> dict[str, Any]:
    """The account of the rule or fact `name`, JSON values only; members that say nothing are left out.

    folder: where the spec was read from, None for the packaged one. Raises Refusal for an unknown name.
    """
    if name in spec.rules:
        account = _rule(spec, spec.rules[name])
    elif name in spec.facts:
        account = _fact(spec.facts[name])
    else:
        raise unknown_rule_error(name, [*spec.rules, *spec.facts], spec.wire["errors"])
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
        "limit": _bare_limit(rule.limit),
        "condition": str(rule.condition or ""),
        "modes": format_modes(spec, rule),
        "outcome": rule.outcome,
        "models": list(rule.models or spec.models),
        "scope": rule.scope,
    }


def _fact(fact: "Fact") -> dict[str, Any]:
    return {"id": fact.id, "value": _bare_limit(fact.value)}


def _bare_limit(value: Any) -> Any:
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
