"""Translate the errors of a JSON Schema validator to rules.

The schema checks every value separately. Errors that follow from another violation are left out here, in
the order of `wanlib.spec.model.kinds`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wanlib.base.identifiers import parse_rule_id
from wanlib.emit.schema.body import ABOUT, RULES
from wanlib.spec.model.kinds import KINDS, TYPE

Path = tuple[str | int, ...]
_ORDER = tuple(KINDS)


class Error(Protocol):
    """The attributes of `jsonschema.ValidationError` that are read."""

    @property
    def absolute_path(self) -> Sequence[str | int]:
        """Return the steps to the value that fails."""

    instance: Any
    schema: Any
    validator: Any


@dataclass(frozen=True, slots=True)
class _RuleFailure:
    """A violated rule and its place. only: the index of the part that is read, if only one is allowed."""

    rule: str
    place: str
    kind: str
    path: Path
    only: int | None = None


def violated_rules(errors: Iterable[Error]) -> tuple[str, ...]:
    """Return the sorted ids of the rules that a body violates.

    Args:
        errors: All errors of the model's schema (`Draft202012Validator(schema(spec, model)).iter_errors`),
            or those of the envelope.
    """
    failures = [failure for error in errors for failure in _rule_failures(error)]
    return tuple(
        sorted(
            {
                failure.rule
                for failure in failures
                if not any(_suppresses(other, failure) for other in failures)
            }
        )
    )


def _rule_failures(error: Error) -> Iterator[_RuleFailure]:
    rule = error.schema[RULES][error.validator]
    path = (*error.absolute_path, *error.schema.get(ABOUT, ()))
    if error.validator == "required":
        for name in rule:
            if name not in error.instance:
                yield _failure(rule[name], (*path, name))
    else:
        yield _failure(rule, path, _first_part_index(error) if error.validator == "maxContains" else None)


def _failure(rule: str, path: Path, only: int | None = None) -> _RuleFailure:
    file, place, kind, _ = parse_rule_id(rule)
    return _RuleFailure(rule, f"{file}/{place}", kind, path, only)


def _first_part_index(error: Error) -> int | None:
    """Return the index of the first part of a name that is allowed once; None if several are allowed."""
    if error.schema["maxContains"] != 1:
        return None
    contained = error.schema["contains"]
    (name,), others = contained["required"], contained.get("properties", {})
    return next(
        at
        for at, part in enumerate(error.instance)
        if isinstance(part, dict) and name in part and not others.keys() & part.keys()
    )


def _suppresses(one: _RuleFailure, other: _RuleFailure) -> bool:
    """Return True if one violated rule means that another is not checked."""
    if one is other or (one.kind == "required" and one.rule == other.rule):
        return False
    if one.kind == "model":
        return True
    rest = other.path[len(one.path) :]
    if other.path[: len(one.path)] != one.path:
        return False
    if one.place.startswith("wire/") and one.kind in ("count", "parts"):
        return rest != () or (one.kind, other.kind) == ("parts", "unknown")
    if one.kind in ("effective", "required"):
        return f"{other.place}.".startswith(f"{one.place}.")
    if one.only is not None and len(rest) > 1:
        return rest[1] == one.place.rpartition(".")[2] and rest[0] != one.only
    return not rest and one.place == other.place and _is_later_stage(one.kind, other.kind)


def _is_later_stage(kind: str, other: str) -> bool:
    """Return True if a kind is checked only after another is satisfied."""
    if kind == "schemes" and _ORDER.index(other) > _ORDER.index(kind):
        return True
    return TYPE <= KINDS[kind].stage < KINDS[other].stage
