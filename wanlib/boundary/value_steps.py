"""Values next to a limit, for each kind of rule on a field.

`STEPS` has the function of each kind; it yields values that satisfy the rule and values that violate it.
Those of sizes are in `size_steps`, those of images in `image_steps`.
"""

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from wanlib.base.values import ABSENT
from wanlib.boundary.body import RequestBuilder
from wanlib.spec import Field, Rule


class BoundaryValue(NamedTuple):
    """A value to test at the field of a rule.

    Attributes:
        label: A short name, for the id of the case.
        value: The value at the path of the field; ABSENT removes the member.
        keeps: Whether the value satisfies the rule.
        measure: The number to compare with the limit, for kinds with an order; None for other kinds.
        also: Values of other fields that the case needs; None for none.
        null: Whether the value is null in an optional member, which the pages do not specify.
    """

    label: str
    value: Any
    keeps: bool
    measure: Any = None
    also: dict[str, Any] | None = None
    null: bool = False


Steps = Callable[[RequestBuilder, Field, Rule], Iterator[BoundaryValue]]

_VALUES_OF_WRONG_TYPE: dict[str, tuple[tuple[str, Any], ...]] = {
    "text": (("number", 5), ("list", ["a"]), ("boolean", True)),
    "integer": (("text", "1"), ("boolean", True), ("fraction", 1.5), ("list", [1])),
    "number": (("text", "1.0"), ("boolean", True), ("list", [1.0])),
    "boolean": (("text", "true"), ("one", 1), ("zero", 0), ("list", [True])),
    "list": (("text", "a"), ("number", 1), ("object", {})),
    "object": (("text", "a"), ("list", []), ("number", 1)),
    "image": (("number", 1), ("object", {"url": "https://example.com/1.png"}), ("boolean", True)),
    "size": (("number", 1024), ("list", [1024, 1024]), ("object", {})),
    "percent": (
        ("number", 50),
        ("no-sign", "50.00"),
        ("comma", "50,00%"),
        ("space", "50.00 %"),
        ("leading-zero", "050.00%"),
        ("minus", "-50.00%"),
        ("newline", "50.00%\n"),
    ),
}


def required_values(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield a present, an absent and a null value."""
    yield BoundaryValue("present", body.sample(field), True)
    yield BoundaryValue("absent", ABSENT, False)
    if not body.is_item(field):
        yield BoundaryValue("null", [None] if body.is_single_item(field) else None, False)


def wrong_type(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield a value of the right type and values of other types."""
    sample = body.sample(field)
    yield BoundaryValue("right", sample, True)
    if field.type == "integer":
        yield BoundaryValue("whole-float", float(sample), True)
    for label, value in _VALUES_OF_WRONG_TYPE[field.type]:
        yield BoundaryValue(label, value, False)
    item = body.is_item(field)
    top = body.family.field(field.path.partition(".")[0])
    member = top if body.is_single_item(field) else field
    if item or not body.mode_case.active_rule(member, "required"):
        yield BoundaryValue("null", None, False, null=not item)


def one_of(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield every allowed value and similar ones."""
    for value in rule.limit:
        yield BoundaryValue(str(value).lower(), value, True)
    invalid: list[Any]
    if field.type == "boolean":
        invalid = [value for value in (True, False) if value not in rule.limit]
    elif field.type != "text":
        near = [value + step for value in rule.limit for step in (-1, 1)]
        invalid = [value for value in dict.fromkeys(near) if value not in rule.limit]
    else:
        invalid = [rule.limit[0] + "x", rule.limit[0].upper(), rule.limit[0] + "\n", ""]
    for value in invalid:
        yield BoundaryValue(repr(value).strip("'").lower(), value, False)


def requires(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield a value with the field that it requires, and without it."""
    other = body.family.field(rule.limit)
    yield BoundaryValue("with", body.sample(field), True, also={other.name: body.sample(other)})
    if not body.is_needed(other):
        yield BoundaryValue("without", body.sample(field), False, also={other.name: ABSENT})


def excludes(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield a value alone, and with each field that it excludes."""
    yield BoundaryValue("alone", body.sample(field), True)
    for name in rule.limit:
        other = body.family.field(name)
        if body.mode_case.is_usable(other):
            yield BoundaryValue(f"with-{name}", body.sample(field), False, also={name: body.sample(other)})


def not_blank(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield texts with and without visible characters."""
    for label, text in (("letter", "a"), ("padded", " a\n"), ("control", "\x1f"), ("joiner", "\u200b")):
        yield BoundaryValue(label, text, True)
    for label, text in (
        ("empty", ""),
        ("space", " "),
        ("lines", "\r\n\t"),
        ("no-break", "\xa0\u202f"),
        ("ideographic", "\u3000"),
    ):
        yield BoundaryValue(label, text, False)


def _counts(
    body: RequestBuilder, field: Field, counts: tuple[tuple[int, bool], ...]
) -> Iterator[BoundaryValue]:
    for count, keeps in counts:
        if count >= 0:
            yield BoundaryValue(str(count), body.items(field, count), keeps, count)


def count(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield lists of the exact length, one shorter and one longer."""
    yield from _counts(body, field, ((rule.limit, True), (rule.limit - 1, False), (rule.limit + 1, False)))


def min_count(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield the shortest allowed list and one that is shorter."""
    yield from _counts(body, field, ((rule.limit, True), (rule.limit - 1, False)))


def max_count(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield the longest allowed list and one that is longer."""
    yield from _counts(body, field, ((rule.limit, True), (rule.limit + 1, False)))


def max_chars(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield texts at and over the limit, in characters of one, three and four bytes."""
    for name, char in (("latin", "a"), ("han", "字"), ("astral", "🎨")):
        yield BoundaryValue(f"{name}-{rule.limit}", char * rule.limit, True, rule.limit)
        yield BoundaryValue(f"{name}-{rule.limit + 1}", char * (rule.limit + 1), False, rule.limit + 1)


def pattern(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield the examples of the rule."""
    for keeps, examples in ((True, rule.keeps), (False, rule.breaks)):
        for index, text in enumerate(examples):
            yield BoundaryValue(f"{'keeps' if keeps else 'breaks'}-{index}", text, keeps)


def decimals(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield percentages with the right number of decimals, one fewer and one more."""
    for places in (rule.limit, rule.limit - 1, rule.limit + 1):
        text = "40." + "0" * places if places else "40"
        yield BoundaryValue(f"{places}-decimals", text + "%", places == rule.limit)


def minimum(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield the smallest allowed number and the next smaller one."""
    yield BoundaryValue(str(rule.limit), rule.limit, True, rule.limit)
    below = _next_number(body, field, rule.limit, -1)
    yield BoundaryValue(str(below), below, False, below)


def maximum(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield the largest allowed number and the next larger one."""
    yield BoundaryValue(str(rule.limit), rule.limit, True, rule.limit)
    above = _next_number(body, field, rule.limit, 1)
    yield BoundaryValue(str(above), above, False, above)


def _next_number(body: RequestBuilder, field: Field, limit: float, sign: int) -> int | float:
    """Return the next number beyond a limit, by the field's step if there is one."""
    if step := body.mode_case.limit(field, "step"):
        return _multiple(limit, step, sign)
    return int(limit) + sign if field.type == "integer" else math.nextafter(limit, sign * math.inf)


def _multiple(base: float, step: float, count: float) -> int | float:
    """Return `base + count * step` in decimal arithmetic."""
    number = Decimal(str(base)) + Decimal(str(count)) * Decimal(str(step))
    return int(number) if number == int(number) and not isinstance(step, float) else float(number)


def step(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield multiples of a step, and numbers between them."""
    first = body.mode_case.limit(field, "min", 0)
    low, high = first, body.mode_case.limit(field, "max", first + 10 * rule.limit)
    for count in (0, 1, 3, 7):
        if (value := _multiple(first, rule.limit, count)) <= high:
            yield BoundaryValue(f"multiple-{count}", value, True)
    between: list[int | float] = [first + 1, first + rule.limit - 1, high - 1]
    if field.type == "number":
        between = [
            _multiple(first, rule.limit, 0.5),
            math.nextafter(_multiple(first, rule.limit, 3), math.inf),
        ]
    for value in dict.fromkeys(between):
        if low < value < high and (Decimal(str(value)) % Decimal(str(rule.limit))):
            yield BoundaryValue(f"between-{value}", value, False)


def same_count_as(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield lists as long as the other one, one shorter and one longer."""
    count = len(body.values.get(rule.limit, ()))
    for number in (count, count - 1, count + 1):
        if number >= 0:
            yield BoundaryValue(f"{number}-of-{count}", [[] for _ in range(number)], number == count)


def total(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield shares that add up to the total, to less and to more."""
    for label, last in (("exact", "33.34%"), ("less", "33.33%"), ("more", "33.35%")):
        items = body.items(field, 3)
        for item, share in zip(items, ("33.33%", "33.33%", last), strict=True):
            item[rule.of] = share
        yield BoundaryValue(label, items, label == "exact")
    items = body.items(field, 3)
    for item, share in zip(items, ("0.10%", "0.20%", "99.70%"), strict=True):
        item[rule.of] = share
    yield BoundaryValue("no-binary-fractions", items, True)


def ordered(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield the smallest box and boxes with corners in the wrong order."""
    for label, box in (
        ("least", [0, 0, 1, 1]),
        ("no-width", [1, 0, 1, 1]),
        ("no-height", [0, 1, 1, 1]),
        ("left-right", [1, 0, 0, 1]),
        ("upside-down", [0, 1, 1, 0]),
    ):
        yield BoundaryValue(label, box, label == "least")


STEPS: dict[str, Steps] = {
    "required": required_values,
    "type": wrong_type,
    "requires": requires,
    "excludes": excludes,
    "one_of": one_of,
    "not_blank": not_blank,
    "count": count,
    "min_count": min_count,
    "max_count": max_count,
    "max_chars": max_chars,
    "pattern": pattern,
    "decimals": decimals,
    "min": minimum,
    "max": maximum,
    "step": step,
    "same_count_as": same_count_as,
    "total": total,
    "ordered": ordered,
}
