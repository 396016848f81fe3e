"""The emitted `complete`: the defaults that are sent, compared with the defaults of the spec by mode."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emit.validator.fields import questions, read_back
from tests.spec.small import FAMILY, FILES, write
from tests.support.api_facts import default_of
from wanlib.boundary.case import Question
from wanlib.emit import generate_files
from wanlib.generated.calls import API
from wanlib.spec import Condition, Family, Spec, load
from wanlib.spec.model.mode_values import value_combinations
from wanlib.spec.model.modes import given_key, holds

SPEC = load()
CALLS = (None, "sync", "async", "stream")


def effective(family: Family, fields: Mapping[str, Any], model: str, call: str | None) -> dict[str, Any]:
    """The values that modes read: values of the right type, else defaults; a list's count."""
    types = {"boolean": bool, "integer": int, "number": float}
    values: dict[str, Any] = {"model": model, "call": call}
    for field in family.fields:
        value, default = fields.get(field.name), field.default.get(None)
        if field.type == "list":
            values[field.name] = len(value) if isinstance(value, list) else 0
        else:
            good = isinstance(value, types.get(field.type, str))
            values[field.name] = value if good else None if default == "derived" else default
            values[given_key(field.name)] = good
    return values


def chosen(values: Mapping[Condition | None, Any], family: Family, known: Mapping[str, Any]) -> Any:
    """The value of the condition that holds."""
    for condition, value in values.items():
        if condition and holds(family.modes, condition.mode, known) is condition.wanted:
            return value
    return values[None]


def expected(
    model: str, fields: Mapping[str, Any], call: str | None, spec: Spec = SPEC
) -> tuple[dict[str, Any], int, bool]:
    family = spec.family(model)
    known = effective(family, fields, model, call)
    bound = chosen(family.count_of, family, known)
    sent = dict(fields)
    for name in (family.count_of[None], bound):
        sent.setdefault(name, chosen(family.field(name).default, family, known))
    value = sent[bound]
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    exact = chosen(family.count_is, family, known) == "exact"
    return sent, int(value) if whole and value >= 1 else 1, exact


def situations(family: Family) -> Iterator[dict[str, Any]]:
    """Fields for every combination of values that the family's modes distinguish."""
    for values in value_combinations(family, tuple(family.modes)):
        yield {
            name: ["https://a/b.png"] * value if family.field(name).type == "list" else value
            for name, value in values.items()
            if name not in ("model", "call")
        }


@pytest.mark.parametrize("model", SPEC.models)
def test_every_model_in_every_mode(model: str) -> None:
    complete = API.models[model].code().complete
    tried = 0
    for fields, call in product(situations(SPEC.family(model)), CALLS):
        for more in ({}, {"n": 2}, {"n": 3, "max_images": 4}):
            assert tuple(complete(model, fields | more, call)) == expected(model, fields | more, call)
            tried += 1
    assert tried >= 12


@settings(max_examples=150, derandomize=True, database=None)
@given(questions(SPEC), st.sampled_from(CALLS))
def test_generated_fields(question: Question, call: str | None) -> None:
    model, fields = question.body["model"], read_back(SPEC, question.body)
    before = deepcopy(fields)
    completed = API.models[model].code().complete(model, fields, call)
    assert tuple(completed) == expected(model, fields, call)
    assert fields == before


_BOUND = "count_of: {bare: n, otherwise: n}\n  count_is: {grand: at most, otherwise: exact}"
_BOUND_BY_CALL = "count_of: {not fast: cups, otherwise: n}\n  count_is: {sized: exact, otherwise: at most}"
_CUPS = """\
  cups:
    type: integer
    default: 2
    when fast: {default: 3}
    when sized: {default: 4}
"""


def test_modes_that_depend_on_the_call_or_are_unknown(tmp_path: Path) -> None:
    """An unknown mode is neither: of the call, where that is unknown; of a field without a default."""
    text = FILES[FAMILY].replace(_BOUND, _BOUND_BY_CALL).replace("  style:\n", f"{_CUPS}  style:\n")
    text = text.replace(
        '  fast: quick and call in ("sync", "stream")',
        '  fast: quick and call == "sync"\n  sized: given(amount) and amount > 3 and not fast',
    )
    text = text.replace("  style:\n", "  amount: {type: integer}\n  style:\n")
    spec = load(write(tmp_path, FILES | {FAMILY: text}))
    emitted_here: dict[str, Any] = {}
    exec(generate_files(spec)["wan1_0.py"], emitted_here)
    bound = set()
    for quick, amount, call in product((True, False, "x"), (3, 4, "x", None), CALLS):
        fields = {"quick": quick, "amount": amount}
        result = tuple(emitted_here["complete"]("tea-1", fields, call))
        assert result == expected("tea-1", fields, call, spec)
        bound.add((result[0].get("cups"), result[1], result[2]))
    assert bound == {(None, 4, False), (2, 2, False), (4, 4, True)}


ODD: tuple[Any, ...] = (None, True, "2", 1.5, 0, -3, [], {}, float("nan"), float("inf"))


@pytest.mark.parametrize("model", SPEC.models)
def test_any_field_values_are_accepted(model: str) -> None:
    family = SPEC.family(model)
    complete = API.models[model].code().complete
    for field, value in product(family.fields, ODD):
        sent, pictures, _ = complete(model, {field.name: value}, "async")
        assert sent[field.name] is value
        assert pictures >= 1


N27, N26, SET = default_of("wan2.7/n"), default_of("wan2.6/n"), default_of("wan2.7/n", "sequential")
MIXED = default_of("wan2.6/max_images")


@pytest.mark.parametrize(
    ("model", "fields", "added", "pictures", "exact"),
    [
        ("wan2.7-image", {}, {"n": N27}, N27, True),
        ("wan2.7-image", {"enable_sequential": True}, {"n": SET}, SET, False),
        ("wan2.7-image", {"enable_sequential": "yes"}, {"n": N27}, N27, True),
        ("wan2.7-image-pro", {"n": 2}, {}, 2, True),
        ("wan2.6-image", {}, {"n": N26}, N26, True),
        ("wan2.6-image", {"max_images": 3}, {"n": N26}, N26, True),
        ("wan2.6-image", {"enable_interleave": True}, {"n": 1, "max_images": MIXED}, MIXED, False),
        ("wan2.6-image", {"enable_interleave": True, "max_images": 2}, {"n": 1}, 2, False),
        ("wan2.6-image", {"enable_interleave": True, "max_images": "2"}, {"n": 1}, 1, False),
        ("wan2.5-i2i-preview", {"n": 2.0}, {}, 2, True),
        ("wanx2.1-imageedit", {"n": True}, {}, 1, True),
        ("wanx2.1-imageedit", {}, {"n": 1}, 1, True),
    ],
)
def test_known_results(
    model: str, fields: dict[str, Any], added: dict[str, Any], pictures: int, exact: bool
) -> None:
    completed = API.models[model].code().complete(model, fields, "async")
    assert tuple(completed) == (fields | added, pictures, exact)
