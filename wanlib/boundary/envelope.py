"""Boundary cases of the envelope: rules of `spec/wire.yaml` on the parts of a body that are not fields."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, NamedTuple

from wanlib.boundary.body import RequestBuilder
from wanlib.spec import Field, Node, Rule

UNKNOWN_MEMBER = "not_a_member"
FINE_TUNED = ("-ft-202606030110-ab12", "-ft-202606030110-ab12-c160", "-cup-c160")
NOT_FINE_TUNED = ("-ft-20260603-ab12", "-cup", "-c", "-C160", "-ft-202606030110-ab12\n", "-c160-")


class EnvelopeChange(NamedTuple):
    """A body with one change of its envelope.

    Attributes:
        label: The change, for the id of the case.
        body: The body.
        keeps: Whether it satisfies the rule.
        null: Whether it violates the rule by null in an optional member, which the pages do not specify.
    """

    label: str
    body: Any
    keeps: bool
    null: bool = False


Changes = Callable[[RequestBuilder, Node, Rule, tuple[Any, ...]], Iterator[EnvelopeChange]]

_VALUES_OF_WRONG_TYPE: dict[str, tuple[tuple[str, Any], ...]] = {
    "object": (("list", []), ("text", "a")),
    "list": (("object", {}), ("text", "a")),
    "text": (("number", 1), ("list", ["user"])),
}


def changes(body: RequestBuilder, node: Node, rule: Rule) -> Iterator[EnvelopeChange]:
    """Yield the changes for one rule of one node."""
    yield from _KINDS[rule.kind](body, node, rule, steps_to(node))


def steps_to(node: Node) -> tuple[Any, ...]:
    """Return the keys and indexes that lead to a node."""
    _, *steps = node.path.split(".")
    return tuple(0 if step == "each" else step for step in steps)


def set_at(body: Any, steps: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of a body with a value at a place."""
    if not steps:
        return value
    copy = deepcopy(body)
    _at(copy, steps[:-1])[steps[-1]] = value
    return copy


def _at(body: Any, steps: tuple[Any, ...]) -> Any:
    for step in steps:
        body = body[step]
    return body


def _base_body(body: RequestBuilder) -> dict[str, Any]:
    """Return the smallest valid body, including `parameters`."""
    return {"parameters": {}} | body.request({})


def _required(
    body: RequestBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]
) -> Iterator[EnvelopeChange]:
    yield EnvelopeChange("present", _base_body(body), True)
    without_member = _base_body(body)
    del _at(without_member, steps[:-1])[steps[-1]]
    yield EnvelopeChange("absent", without_member, False)
    yield EnvelopeChange("null", set_at(_base_body(body), steps, None), False)


def _type(body: RequestBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]) -> Iterator[EnvelopeChange]:
    yield EnvelopeChange("right", _base_body(body), True)
    for label, value in _VALUES_OF_WRONG_TYPE[rule.limit]:
        yield EnvelopeChange(label, set_at(_base_body(body), steps, value), False)
    if not node.rule("required"):
        yield EnvelopeChange("null", set_at(_base_body(body), steps, None), False, null=node.form == "rest")


def _unknown(
    body: RequestBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]
) -> Iterator[EnvelopeChange]:
    yield EnvelopeChange("none", _base_body(body), True)
    unknown_members: list[tuple[str, Any]] = [(name, 1) for name in (UNKNOWN_MEMBER, "", "a/b~c")]
    if node.form == "parts":
        steps = (*steps, 0)
        unknown_members.append(("type", next(iter(_at(_base_body(body), steps)))))
    for name, value in unknown_members:
        yield EnvelopeChange(repr(name), set_at(_base_body(body), (*steps, name), value), False)


def _count(body: RequestBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]) -> Iterator[EnvelopeChange]:
    (item,) = _at(_base_body(body), steps)
    for count in (rule.limit, rule.limit - 1, rule.limit + 1):
        yield EnvelopeChange(str(count), set_at(_base_body(body), steps, [item] * count), count == rule.limit)


def _one_of(body: RequestBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]) -> Iterator[EnvelopeChange]:
    for word in rule.limit:
        yield EnvelopeChange(word, set_at(_base_body(body), steps, word), True)
    for word in ("assistant", "system", rule.limit[0].upper(), rule.limit[0] + "\n", ""):
        yield EnvelopeChange(repr(word), set_at(_base_body(body), steps, word), False)


def _parts(body: RequestBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]) -> Iterator[EnvelopeChange]:
    parts = _at(_base_body(body), steps)
    yield EnvelopeChange("in-order", _base_body(body), True)
    yield EnvelopeChange("reversed", set_at(_base_body(body), steps, parts[::-1]), True)
    every = dict.fromkeys((name for name, _ in node.parts), "https://example.com/1.png")
    for label, part in (
        ("misspelt", {"img": "https://example.com/1.png"}),
        ("none", {}),
        *((("two", every),) if len(every) > 1 else ()),
        ("typed", {"type": "text"}),
        ("text", "a"),
        ("list", ["a"]),
        ("null", None),
    ):
        yield EnvelopeChange(label, set_at(_base_body(body), steps, [*parts, part]), False)


def _max_count(
    body: RequestBuilder, node: Node, rule: Rule, steps: tuple[Any, ...]
) -> Iterator[EnvelopeChange]:
    """Yield changes of the number of parts of one kind; its name precedes the kind in the rule id."""
    name = rule.id.rsplit(".", 2)[1]
    parts = _at(_base_body(body), steps)
    count_in_body = sum(name in part for part in parts)
    for count in (rule.limit, rule.limit + 1):
        more = [{name: "a"}] * (count - count_in_body)
        yield EnvelopeChange(
            str(count), set_at(_base_body(body), steps, [*parts, *more]), count == rule.limit
        )


_KINDS: dict[str, Changes] = {
    "required": _required,
    "type": _type,
    "unknown": _unknown,
    "count": _count,
    "one_of": _one_of,
    "parts": _parts,
    "max_count": _max_count,
}


def model_changes(body: RequestBuilder, rule: Rule) -> Iterator[EnvelopeChange]:
    """Yield the changes for `wire/model`."""
    base_body = _base_body(body)
    model = base_body["model"]
    yield EnvelopeChange(model, base_body, True)
    for ending in FINE_TUNED if body.spec.fine_tuned_ending else ():
        yield EnvelopeChange(ending, base_body | {"model": model + ending}, True)
    for ending in NOT_FINE_TUNED:
        yield EnvelopeChange(ending, base_body | {"model": model + ending}, False)
    without = {name: value for name, value in base_body.items() if name != "model"}
    yield EnvelopeChange("absent", without, False)
    for label, value in (
        ("misspelt", model + "x"),
        ("upper-case", model.upper()),
        ("empty", ""),
        ("number", 1),
        ("null", None),
        ("list", [model]),
    ):
        yield EnvelopeChange(label, base_body | {"model": value}, False)
    for label, value in (
        ("body-list", [base_body]),
        ("body-text", "a"),
        ("body-null", None),
        ("body-number", 1),
    ):
        yield EnvelopeChange(label, value, False)


def unknown_member_changes(body: RequestBuilder, rule: Rule) -> Iterator[EnvelopeChange]:
    """Yield the changes for the `unknown` rule of a family: undocumented names."""
    base_body = _base_body(body)
    yield EnvelopeChange("none", base_body, True)
    for name in (UNKNOWN_MEMBER, "a/b~c"):
        yield EnvelopeChange(repr(name), set_at(base_body, ("parameters", name), 1), False)


def foreign_member_changes(body: RequestBuilder, rule: Rule) -> Iterator[EnvelopeChange]:
    """Yield the changes for the `only_for` rule of a family: names of other models, in each container."""
    base_body = _base_body(body)
    yield EnvelopeChange("none", base_body, True)
    for name in rule.limit:
        for container in ("", "input", "parameters"):
            steps = (container, name) if container else (name,)
            yield EnvelopeChange(
                f"{container}-{name}" if container else name, set_at(base_body, steps, 1), False
            )


def position_changes(body: RequestBuilder, field: Field, right: str, sample: Any) -> Iterator[EnvelopeChange]:
    """Yield the changes for the `place` rule of a field.

    Args:
        body: Builds the body.
        field: The field.
        right: The container in which the field belongs.
        sample: A valid value of the field.
    """
    complete = {"parameters": {}} | body.request({field.name: sample})
    base_body, name = deepcopy(complete), field.wire_name
    del base_body[right][name]
    yield EnvelopeChange(right, complete, True)
    for container in ("", "input", "parameters"):
        if container != right:
            steps = (container, name) if container else (name,)
            yield EnvelopeChange(container or "top", set_at(base_body, steps, sample), False)
