"""The data of `wanlib explain` about a rule or fact, as JSON values."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wanlib.base.values import limit_to_json
from wanlib.cli.errors import unknown_rule_error

if TYPE_CHECKING:
    from wanlib.boundary.case import Case
    from wanlib.spec import Fact, Family, Rule, Spec
    from wanlib.spec.model.modes import Expression


def boundary_examples(spec: "Spec", rule: str) -> dict[str, Any]:
    """Return examples on both sides of a limit: `keeps` and `breaks`.

    Each has the body, redacted, its call or None, and the messages about it. A side is missing if no body
    shows it: rules on tasks, headers and responses have neither.

    Args:
        spec: The spec.
        rule: The id of the rule.

    Raises:
        ModuleNotFoundError: The rule is about images, and Pillow is not installed.
    """
    from wanlib.base.redaction import redact_json
    from wanlib.spec import interpret

    examples = {}
    for side, case in _nearest_cases(spec, rule).items():
        body, call = case.question.body, case.question.call
        examples[side] = {
            "body": redact_json(body),
            "call": call,
            "messages": [str(violation) for violation in interpret(spec, body, call)],
        }
    return examples


def _nearest_cases(spec: "Spec", rule: str) -> dict[str, "Case"]:
    """Return the first case that violates the rule, and the last valid one before it or the first after it.

    Cases are created one by one, and only as needed: some contain images of 20 MB.
    """
    from wanlib.boundary.cases import boundary_cases

    nearest: dict[str, Case] = {}
    for case in boundary_cases(spec, rule):
        if case.breaks:
            nearest.setdefault("breaks", case)
        elif "breaks" not in nearest or "keeps" not in nearest:
            nearest["keeps"] = case
        if len(nearest) == 2:
            break
    return {side: nearest[side] for side in ("keeps", "breaks") if side in nearest}


def format_modes(spec: "Spec", rule: "Rule") -> dict[str, str]:
    """Return the modes on which a rule depends, directly or through other modes: expression by name."""
    from wanlib.spec import Condition

    family = next((family for family in spec.families if rule.id.startswith(f"{family.name}/")), None)
    modes: dict[str, str] = {}
    for condition in (rule.condition, rule.limit):
        if family is not None and isinstance(condition, Condition):
            _add_mode(family, condition.mode, modes)
    return modes


def _add_mode(family: "Family", mode: str, modes: dict[str, str]) -> None:
    from wanlib.spec.model.modes import referenced_names

    modes[mode] = expression_text(family.modes[mode])
    for name in sorted(referenced_names(family.modes[mode])):
        if name in family.modes and name not in modes:
            _add_mode(family, name, modes)


def expression_text(expression: "Expression") -> str:
    """Return a mode as it is written in YAML."""
    from wanlib.spec.model.modes import BoolOp, Comparison, Given, ItemCount, Name, Not

    match expression:
        case Name(name):
            return name
        case Given(name):
            return f"given({name})"
        case Comparison(left, operator, literal):
            subject = f"count({left.name})" if isinstance(left, ItemCount) else left.name
            return f"{subject} {operator} {literal!r}"
        case Not(inner):
            return f"not {_operand_text(inner)}"
        case BoolOp(word, parts):
            return f" {word} ".join(map(_operand_text, parts))


def _operand_text(expression: "Expression") -> str:
    from wanlib.spec.model.modes import BoolOp

    text = expression_text(expression)
    return f"({text})" if isinstance(expression, BoolOp) else text


def rule_details(spec: "Spec", name: str, folder: Path | None) -> dict[str, Any]:
    """Return the data about a rule or fact, as JSON values without empty members.

    Args:
        spec: The spec.
        name: The id of the rule or fact.
        folder: Where the spec was read from; None for the packaged one.

    Raises:
        CliError: No rule or fact has this id.
    """
    if name in spec.rules:
        details = _rule(spec, spec.rules[name])
    elif name in spec.facts:
        details = _fact(spec.facts[name])
    else:
        raise unknown_rule_error(name, [*spec.rules, *spec.facts], spec.wire["errors"])
    entry = spec.rules[name] if name in spec.rules else spec.facts[name]
    details |= {
        "file": (Path("spec") if folder is None else folder).joinpath(entry.file).as_posix(),
        "line": entry.line,
        "source": source_of(spec, entry.source),
        "notes": entry.notes,
        "statements": _statements(spec, name),
    }
    return {key: value for key, value in details.items() if value not in ("", [], {}, None)}


def conduct_details(spec: "Spec", name: str, folder: Path | None) -> dict[str, Any] | None:
    """Return the data about a rule of conduct; None if the name is not that of one.

    Args:
        spec: The spec with the facts that the rule refers to.
        name: The id of the rule.
        folder: Where the spec was read from; None for the packaged one.

    Raises:
        CliError: The name begins like that of a rule of conduct, but is not one.
    """
    from wanlib.conduct.rules import PREFIX, STATEMENTS

    if not name.startswith(PREFIX):
        return None
    if name not in STATEMENTS:
        raise unknown_rule_error(name, STATEMENTS)
    rule = STATEMENTS[name]
    details: dict[str, Any] = {"id": name, "rule": rule.statement, "why": rule.why}
    entry = spec.rules.get(rule.source) or spec.facts.get(rule.source)
    if entry is None:
        return details | {"source": {"id": rule.source, "title": "a standard of HTTP"}}
    file = (Path("spec") if folder is None else folder).joinpath(entry.file).as_posix()
    return details | {"file": file, "line": entry.line, "source": source_of(spec, entry.source)}


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
    """Return a limit or fact without the notes and source of its table, which are printed separately."""
    if isinstance(value, dict):
        value = {key: item for key, item in value.items() if key not in ("notes", "source")}
    return limit_to_json(value)


def source_of(spec: "Spec", source: str) -> dict[str, Any]:
    """Return the page and section that document a rule, and when the page was read.

    Args:
        spec: The spec.
        source: A reference such as `guide#input-parameters`.
    """
    name, _, section = source.partition("#")
    page: Mapping[str, Any] = spec.sources["pages"].get(name, {})
    known = {key: page[key] for key in ("title", "read", "url") if key in page}
    return {"id": source, "section": section} | known


def _statements(spec: "Spec", name: str) -> list[dict[str, str]]:
    """Return the statements of the pages, in our words, that the rule encodes."""
    return [
        {"id": key, "says": statement["says"]}
        for key, statement in spec.sources["statements"].items()
        if name in statement.get("rules", ())
    ]
