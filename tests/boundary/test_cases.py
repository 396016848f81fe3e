"""Boundary cases exist on both sides of each rule, and every reading finds the expected violations."""

from collections import defaultdict
from functools import cache

import pytest

from tests.support.api_facts import limit_of
from wanlib import check
from wanlib.boundary.case import Case
from wanlib.boundary.cases import boundary_cases
from wanlib.emit.python_text import constant_name
from wanlib.emit.validator.module import validator
from wanlib.emit.validator.plan import FamilyLayout
from wanlib.spec import Family, Rule, interpret, load

SPEC = load()
RULES = [rule for rule in SPEC.rules.values() if rule.scope == "body"]
HEAVY = ("max_bytes",)


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_each_rule_has_cases_on_both_sides_and_two_readings_agree(rule: Rule) -> None:
    sides = defaultdict(int)
    for case in boundary_cases(SPEC, rule.id):
        sides[bool(case.breaks)] += 1
        expected = sorted(name for name, _ in case.breaks)
        outcomes = sorted(outcome for _, outcome in case.breaks)
        for violations in (
            check(case.question.body, call=case.question.call),
            interpret(SPEC, case.question.body, case.question.call),
        ):
            assert sorted(violation.rule for violation in violations) == expected, case.id
            assert sorted(violation.outcome for violation in violations) == outcomes, case.id
    assert sides[True] and sides[False]


def test_case_ids_are_unique_and_stable() -> None:
    ids = [case.id for rule in RULES if rule.kind not in HEAVY for case in boundary_cases(SPEC, rule.id)]
    assert len(ids) == len(set(ids))
    again = [case.id for case in boundary_cases(SPEC, "wan2.7/n.max:sequential")]
    base, most = limit_of("wan2.7/n.max"), limit_of("wan2.7/n.max:sequential")
    assert again == [
        f"edge:wan2.7/n.max:sequential/keeps/{most}@wan2.7-image/text_only+sequential",
        f"edge:wan2.7/n.max:sequential/breaks/{most + 1}@wan2.7-image/text_only+sequential",
        f"edge:wan2.7/n.max:sequential/keeps/across-{base}@wan2.7-image/text_only+sequential",
        f"edge:wan2.7/n.max:sequential/keeps/across-{base + 1}@wan2.7-image/text_only+sequential",
        f"edge:wan2.7/n.max:sequential/keeps/{most}@wan2.7-image/sequential",
        f"edge:wan2.7/n.max:sequential/breaks/{most + 1}@wan2.7-image/sequential",
        f"edge:wan2.7/n.max:sequential/keeps/across-{base}@wan2.7-image/sequential",
        f"edge:wan2.7/n.max:sequential/keeps/across-{base + 1}@wan2.7-image/sequential",
    ] + [
        "edge:wan2.7/n.max:sequential/" + rest
        for situation in ("text_only+sequential", "sequential")
        for rest in (
            f"keeps/{most}@wan2.7-image-pro/{situation}",
            f"breaks/{most + 1}@wan2.7-image-pro/{situation}",
            f"keeps/across-{base}@wan2.7-image-pro/{situation}",
            f"keeps/across-{base + 1}@wan2.7-image-pro/{situation}",
        )
    ]


# Breaking any limit in the generated code by one must turn the edges red, with the rule's id.


def shifted(rule: Rule) -> list[str]:
    """The limit of a rule in Python, moved by the least step that a request can show, each way."""
    limit, kind = rule.limit, rule.kind
    if kind in ("min_pixels", "max_pixels"):
        kept, broken = products(rule)
        return [repr(broken), repr(kept - 1 if kind == "max_pixels" else kept + 1)]
    if kind in ("min_ratio", "max_ratio"):
        return [f"Ratio({limit.width * 100 + step}, {limit.height * 100})" for step in (-1, 1)]
    if kind == "total":
        return ["'99.99'", "'100.01'"]
    if kind == "pattern":
        return [repr(limit.replace("6", "5")), repr(limit.replace("6", "7"))]
    if kind in ("one_of", "schemes"):
        return [repr(limit[:-1]), repr(limit[1:])]
    if kind == "formats":
        return [repr(limit[:-1]), repr((*limit, "gif"))]
    if kind in ("keywords", "mime"):
        return named(rule)
    if isinstance(limit, float):
        return [repr(limit - 0.001), repr(limit + 0.001)]
    return [repr(limit - 1), repr(limit + 1)] if isinstance(limit, int) else []


def products(rule: Rule) -> tuple[int, int]:
    """The pixels of the last size that keeps a rule, and of the first that breaks it."""
    own = [case for case in boundary_cases(SPEC, rule.id) if "across" not in case.id]
    sizes = {bool(case.breaks): case.question.body["parameters"]["size"].split("*") for case in own}
    return tuple(int(sizes[broken][0]) * int(sizes[broken][1]) for broken in (False, True))  # type: ignore[return-value]


def named(rule: Rule) -> list[str]:
    """A table less one row, and with one that another variant has."""
    others = {word: 1 for other in SPEC.rules.values() if other.kind == rule.kind for word in other.limit}
    sibling = rule.id.partition(":")[0]
    near = [o for o in SPEC.rules.values() if o.id.partition(":")[0] == sibling and o is not rule]
    more = {word: others[word] for other in near for word in other.limit if word not in rule.limit}
    less = dict(list(rule.limit.items())[:-1])
    return [repr(table) for table in (less, rule.limit | more) if table != rule.limit]


@cache
def light_edges(rule: Rule) -> tuple[Case, ...]:
    """A rule's edges, once; of the 20 MB files those of one format."""
    cases = boundary_cases(SPEC, rule.id)
    return tuple(case for case in cases if rule.kind not in HEAVY or "/png-" in case.id)


def broken_by(family: Family, rule: Rule, limit: str) -> set[str]:
    """The rules of the edges that a validator with another limit answers wrongly."""
    text = validator(SPEC, family)
    name = constant_name(rule)
    heads = (f"{name} = ", f"{name}: ")
    lines = [f"{name} = {limit}" if line.startswith(heads) else line for line in text.splitlines()]
    assert lines != text.splitlines()
    scope: dict[str, object] = {}
    exec(compile("\n".join(lines), f"{family.name} with {name} = {limit}", "exec"), scope)
    wrong = set()
    for case in light_edges(rule):
        body = case.question.body
        if isinstance(body, dict) and body.get("model") in family.models:
            try:
                violations = scope["check"](body, body["model"], case.question.call)  # type: ignore[operator]
            except Exception:
                violations = None
            if violations is None or sorted(violation.rule for violation in violations) != sorted(
                name for name, _ in case.breaks
            ):
                wrong.add(case.rule)
    return wrong


LIMITS = [
    pytest.param(family, rule, limit, id=f"{family.name}: {rule.id} = {limit}"[:80])
    for family in SPEC.families
    for rule in FamilyLayout(SPEC, family, SPEC.form(family)).limits().values()
    for limit in shifted(rule)
]


@pytest.mark.parametrize(("family", "rule", "limit"), LIMITS)
def test_a_limit_moved_by_one_in_the_generated_code_fails_its_cases(
    family: Family, rule: Rule, limit: str
) -> None:
    assert broken_by(family, rule, limit) == {rule.id}
