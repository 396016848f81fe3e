"""What is prepared once for every body of a family, and what a walk may leave out."""

from dataclasses import replace

import pytest

from tests.spec.bodies import EDIT, URL, messages
from wanlib.spec import interpret, load
from wanlib.spec.interpreter.compile_plan import compile_plans
from wanlib.spec.interpreter.decode import Decoder
from wanlib.spec.model.predicates import CHECKS_BY_TYPE, INSIDE, VALUE_CHECKS, read_image

IMAGES = [
    field
    for family in load().families
    for each in family.fields
    for field in each.walk()
    if field.type == "image"
]


@pytest.mark.parametrize("kind", sorted(INSIDE))
def test_what_only_a_data_uri_shows_is_kept_by_every_other_text(kind: str) -> None:
    judge = CHECKS_BY_TYPE.get(("image", kind)) or VALUE_CHECKS[kind]
    limits = [rule.limit for field in IMAGES for rule in field.rules_of_kind(kind)]
    assert limits
    for limit in limits:
        assert all(judge(limit, read_image(text)) is None for text in (URL, "ftp://x", "", "é", "oss://a/b"))


def test_a_reading_that_is_there_is_not_made_again() -> None:
    spec, body, other = load(), messages(EDIT, {"video": URL}, n=99, size="9K"), messages(EDIT, URL, n=1)
    family = spec.family(EDIT)
    reading = Decoder(family, spec.bodies[family.body]).decode(body)
    due = interpret(spec, body, "sync")
    assert len(due) > 2
    for _ in range(2):  # it stays as it was
        assert interpret(spec, other, "sync", reading) == due


def test_a_changed_family_is_prepared_anew() -> None:
    family = load().families[0]
    fields = tuple(replace(field, rules=()) for field in family.fields)
    assert compile_plans(family) is compile_plans(family)
    assert any(plan.bounds for *_, plan in compile_plans(family).fields)
    assert not any(plan.bounds for *_, plan in compile_plans(replace(family, fields=fields)).fields)
