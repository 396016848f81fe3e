"""Values of one model that another one refuses, replaced by the nearest ones that it allows."""

from collections.abc import Callable, Mapping, MutableMapping
from fractions import Fraction
from functools import partial
from typing import Any

from wanlib.base.text import to_json_text
from wanlib.base.values import Ratio
from wanlib.base.violation import Violation
from wanlib.boundary.mode_cases import ModeCase
from wanlib.diff.side import ModelView
from wanlib.migration.note import Consequence, Note
from wanlib.spec.model.model import DERIVED, Field, Rule
from wanlib.spec.model.modes import holds
from wanlib.spec.model.predicates import TYPE_CHECKS
from wanlib.validation.output_size import SizeBounds, nearest_size

Values = MutableMapping[str, Any]
"""The fields of a request, by name."""
_Replace = Callable[[ModelView, Values, Field, Rule, Violation], Note]


def replace_refused(view: ModelView, values: Values, violation: Violation) -> Note | None:
    """Change the values so that a violation disappears.

    Args:
        view: The model that refuses them.
        values: The values; they are changed.
        violation: Why it refuses them.

    Returns:
        The decision; None if no other value can be chosen, and nothing was changed.
    """
    rule = view.spec.rules.get(violation.rule)
    if rule is None or not rule.field:
        return None
    name = rule.field.partition(".")[0]
    replace = _REPLACEMENTS.get(rule.kind)
    if replace is None or name not in values or (rule.field != name and rule.kind != "one_of"):
        return None
    return replace(view, values, view.family.field(name), rule, violation)


def mode_case_of(view: ModelView, values: Mapping[str, Any]) -> ModeCase:
    """Return the values of the modes of a request with these fields."""
    known: dict[str, Any] = {"model": view.model, "call": view.spec.calls(view.model)[0]}
    for member in view.family.fields:
        value = values.get(member.name, member.default.get(None))
        if member.type == "list":
            value = len(value) if isinstance(value, list) else 0
        elif value is not None and value != DERIVED and not TYPE_CHECKS[member.type](value):
            value = None
        known[member.name] = value
    modes = view.family.modes
    truths = {mode: holds(modes, mode, known) is True for mode in modes}
    return ModeCase(view.family, view.model, view.spec.calls(view.model), truths, ())


def _bound(view: ModelView, values: Values, field: Field, rule: Rule, violation: Violation) -> Note:
    """Take the limit itself."""
    old, values[field.name] = values[field.name], violation.limit
    word = "most" if rule.kind == "max" else "least"
    text = f"{to_json_text(old)} becomes {to_json_text(violation.limit)}, the {word} that {view.model} allows"
    return Note(field.name, Consequence.CHANGED, text)


def _cut_text(view: ModelView, values: Values, field: Field, rule: Rule, violation: Violation) -> Note:
    old: str = values[field.name]
    values[field.name] = old[: violation.limit]
    text = f"cut from {len(old)} to {violation.limit} characters, as {view.model} would cut it"
    return Note(field.name, Consequence.LOST, text)


def _cut_list(view: ModelView, values: Values, field: Field, rule: Rule, violation: Violation) -> Note:
    items: list[Any] = values[field.name]
    values[field.name] = items[: violation.limit]
    text = f"the first {violation.limit} of {len(items)} are kept: {view.model} allows no more"
    return Note(field.name, Consequence.LOST, text)


def _leave_out(view: ModelView, values: Values, field: Field, rule: Rule, violation: Violation) -> Note:
    text = f"{to_json_text(values.pop(field.name))} is left out: {view.model} does not allow it"
    return Note(field.name, Consequence.LOST, text)


def _size(view: ModelView, values: Values, field: Field, rule: Rule, violation: Violation) -> Note:
    """Take the keyword with the nearest number of pixels, or the nearest size of the same ratio."""
    old: str = values[field.name]
    size = _nearest(old, partial(mode_case_of(view, values).limit, field), view)
    if size is None:
        values.pop(field.name)
        text = f"{to_json_text(old)} is left out: {view.model} allows only width*height"
        return Note(field.name, Consequence.CHANGED, text)
    values[field.name] = size
    text = f"{to_json_text(old)} becomes {size!r}, the nearest that {view.model} allows"
    return Note(field.name, Consequence.CHANGED, text)


def _nearest(size: str, limit: Callable[..., Any], view: ModelView) -> str | None:
    """Return the nearest allowed size; `limit` gives the limit of a kind, or a default without one."""
    keywords: Mapping[str, int] = limit("keywords", {})
    excluded = limit("none_of", ())
    allowed = {word: pixels for word, pixels in keywords.items() if word not in excluded}
    width, star, height = size.partition("*")
    if not star:
        wanted = _keyword_pixels(size, view)
        if not allowed or wanted is None:
            return None
        return min(allowed, key=lambda word: abs(allowed[word] - wanted))
    ratio = Ratio(int(width), int(height))
    pixels = ratio.width * ratio.height
    least = limit("min_pixels", 1)
    most = limit("max_pixels", max(least, pixels))
    sides = limit("min_side", 1), limit("max_side", most)
    ratios = limit("min_ratio", ratio), limit("max_ratio", ratio)
    bounds = SizeBounds("", {}, least, most, *ratios, *sides, None, 1, ())
    fraction = min(max(Fraction(*ratio), Fraction(*ratios[0])), Fraction(*ratios[1]))
    nearest = nearest_size(bounds, fraction, min(max(pixels, least), most))
    return None if nearest is None else f"{nearest[0]}*{nearest[1]}"


def _keyword_pixels(word: str, view: ModelView) -> int | None:
    """Return the pixels of a keyword of any model of the spec; None if no model has it."""
    for family in view.spec.families:
        for field in family.fields:
            for rule in field.rules_of_kind("keywords"):
                if word in rule.limit:
                    return int(rule.limit[word])
    return None


_REPLACEMENTS: Mapping[str, _Replace] = {
    "min": _bound,
    "max": _bound,
    "max_chars": _cut_text,
    "max_count": _cut_list,
    "one_of": _leave_out,
    "needs": _leave_out,
    "requires": _leave_out,
    "keywords": _size,
    "none_of": _size,
    "min_pixels": _size,
    "max_pixels": _size,
    "min_ratio": _size,
    "max_ratio": _size,
    "min_side": _size,
    "max_side": _size,
}
