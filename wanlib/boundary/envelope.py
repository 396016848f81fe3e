"""Edges of the envelope: the rules of wire.yaml on the parts of a body that are no fields."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, NamedTuple

from wanlib.boundary.body import BodyBuilder
from wanlib.spec import Node, Rule

STRAY = "not_a_member"
FINE_TUNED = ("-ft-202606030110-ab12", "-ft-202606030110-ab12-c160", "-cup-c160")
NOT_FINE_TUNED = ("-ft-20260603-ab12", "-cup", "-c", "-C160", "-ft-202606030110-ab12\n", "-c160-")


class EnvelopeChange(NamedTuple):
    """A whole body: what was done to it, whether its rule is kept, and whether it breaks it by null
    in an optional member, which the pages leave open."""

    label: str
    body: Any
    keeps: bool
    null: bool = False


Changes = Callable[[BodyBuilder, Node, Rule, tuple[Any, ...]], Iterator[EnvelopeChange]]

_WRONG: dict[str, tuple[tuple[str, Any], ...]] = {
    "object": (("list", []), ("text", "a")),
    "list": (("object", {}), ("text", "a")),
    "text": (("number", 1), ("list", ["user"])),
}


def changes(body: BodyBuilder, node: Node, rule: Rule) -> Iterator[EnvelopeChange]:
    """The edges of one rule of one node."""
    yield from _KINDS[rule.kind](body, node, rule, steps_to(node))


def steps_to(node: Node) -> tuple[Any, ...]:
    """The keys and indexes that lead to a node."""
    _, *steps = node.path.split(".")
    return tuple(0 if step == "each" else step for step in steps)


def set_at(body: Any, steps: tuple[Any, ...], value: Any) -> Any:
    """A copy of a body with a value at a place."""
    if not steps:
        return value
    copy = deepcopy(body)
    _at(copy, steps[:-1])[steps[-1]] = value
    return copy


def _at(body: Any, steps: tuple[Any, ...]) -> Any:
    for step in steps:
        body = body[step]
    return body


def _whole(body: BodyBuilder) -> dict[str, Any]:
    """The least body, with the container of all other fields in it."""
    return {"parameters": {}} | body.request({})


def _required(body: BodyBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]) -> Iterator[EnvelopeChange]:
    yield EnvelopeChange("present", _whole(body), True)
    cut = _whole(body)
    del _at(cut, steps[:-1])[steps[-1]]
    yield EnvelopeChange("absent", cut, False)
    yield EnvelopeChange("null", set_at(_whole(body), steps, None), False)


def _type(body: BodyBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]) -> Iterator[EnvelopeChange]:
    yield EnvelopeChange("right", _whole(body), True)
    for label, value in _WRONG[rule.limit]:
        yield EnvelopeChange(label, set_at(_whole(body), steps, value), False)
    if not node.rule("required"):
        yield EnvelopeChange("null", set_at(_whole(body), steps, None), False, null=node.form == "rest")


def _unknown(body: BodyBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]) -> Iterator[EnvelopeChange]:
    yield EnvelopeChange("none", _whole(body), True)
    strays: list[tuple[str, Any]] = [(name, 1) for name in (STRAY, "", "a/b~c")]
    if node.form == "parts":
        steps = (*steps, 0)
        strays.append(("type", next(iter(_at(_whole(body), steps)))))
    for name, value in strays:
        yield EnvelopeChange(repr(name), set_at(_whole(body), (*steps, name), value), False)


def _count(body: BodyBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]) -> Iterator[EnvelopeChange]:
    (item,) = _at(_whole(body), steps)
    for count in (rule.limit, rule.limit - 1, rule.limit + 1):
        yield EnvelopeChange(str(count), set_at(_whole(body), steps, [item] * count), count == rule.limit)


def _one_of(body: BodyBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]) -> Iterator[EnvelopeChange]:
    for word in rule.limit:
        yield EnvelopeChange(word, set_at(_whole(body), steps, word), True)
    for word in ("assistant", "system", rule.limit[0].upper(), rule.limit[0] + "\n", ""):
        yield EnvelopeChange(repr(word), set_at(_whole(body), steps, word), False)


def _parts(body: BodyBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]) -> Iterator[EnvelopeChange]:
    parts = _at(_whole(body), steps)
    yield EnvelopeChange("in-order", _whole(body), True)
    yield EnvelopeChange("reversed", set_at(_whole(body), steps, parts[::-1]), True)
    for label, part in (
        ("misspelt", {"img": "https://example.com/1.png"}),
        ("none", {}),
        ("two", {"image": "https://example.com/1.png", "text": "a"}),
        ("typed", {"type": "text"}),
        ("text", "a"),
        ("list", ["a"]),
        ("null", None),
    ):
        yield EnvelopeChange(label, set_at(_whole(body), steps, [*parts, part]), False)


def _max_count(body: BodyBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]) -> Iterator[EnvelopeChange]:
    """Of one kind of part: the name stands before the kind in the rule's id."""
    name = rule.id.rsplit(".", 2)[1]
    parts = _at(_whole(body), steps)
    have = sum(name in part for part in parts)
    for count in (rule.limit, rule.limit + 1):
        more = [{name: "a"}] * (count - have)
        yield EnvelopeChange(str(count), set_at(_whole(body), steps, [*parts, *more]), count == rule.limit)


_KINDS: dict[str, Changes] = {
    "required": _required,
    "type": _type,
    "unknown": _unknown,
    "count": _count,
    "one_of": _one_of,
    "parts": _parts,
    "max_count": _max_count,
}


def model_changes(body: BodyBuilder, rule: Rule) -> Iterator[EnvelopeChange]:
    """The edges of `wire/model`."""
    whole = _whole(body)
    model = whole["model"]
    yield EnvelopeChange(model, whole, True)
    for ending in FINE_TUNED if body.spec.fine_tuned_ending else ():
        yield EnvelopeChange(ending, whole | {"model": model + ending}, True)
    for ending in NOT_FINE_TUNED:
        yield EnvelopeChange(ending, whole | {"model": model + ending}, False)
    without = {name: value for name, value in whole.items() if name != "model"}
    yield EnvelopeChange("absent", without, False)
    for label, value in (
        ("misspelt", model + "x"),
        ("upper-case", model.upper()),
        ("empty", ""),
        ("number", 1),
        ("null", None),
        ("list", [model]),
    ):
        yield EnvelopeChange(label, whole | {"model": value}, False)
    for label, value in (("body-list", [whole]), ("body-text", "a"), ("body-null", None), ("body-number", 1)):
        yield EnvelopeChange(label, value, False)


def unknown_member_changes(body: BodyBuilder, rule: Rule) -> Iterator[EnvelopeChange]:
    """The edges of a family's `unknown`: names that no page knows."""
    whole = _whole(body)
    yield EnvelopeChange("none", whole, True)
    for name in (STRAY, "a/b~c"):
        yield EnvelopeChange(repr(name), set_at(whole, ("parameters", name), 1), False)


def foreign_member_changes(body: BodyBuilder, rule: Rule) -> Iterator[EnvelopeChange]:
    """The edges of a family's `only_for`: each name that other models alone document, in each container."""
    whole = _whole(body)
    yield EnvelopeChange("none", whole, True)
    for name in rule.limit:
        for container in ("", "input", "parameters"):
            steps = (container, name) if container else (name,)
            yield EnvelopeChange(f"{container}-{name}" if container else name, set_at(whole, steps, 1), False)


def position_changes(body: BodyBuilder, name: str, right: str, sample: Any) -> Iterator[EnvelopeChange]:
    """The edges of a field's `place`."""
    whole = _whole(body)
    yield EnvelopeChange(right, set_at(whole, (right, name), sample), True)
    for container in ("", "input", "parameters"):
        if container != right:
            steps = (container, name) if container else (name,)
            yield EnvelopeChange(container or "top", set_at(whole, steps, sample), False)
