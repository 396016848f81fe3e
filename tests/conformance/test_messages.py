"""The messages of all rules, over every edge that breaks them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from wanlib import check
from wanlib.base.redaction import safe_repr
from wanlib.base.text import json_type, to_json_text
from wanlib.base.violation import Violation
from wanlib.boundary.cases import boundary_cases
from wanlib.spec import Spec, interpret, load

SPEC = load()
BODY_RULES = [rule.id for rule in SPEC.rules.values() if rule.scope == "body"]
MODES = {mode for family in SPEC.families for mode in family.modes}
LONGEST = 600
AS_SENT = {"one_of", "pattern", "decimals", "min", "max", "keywords", "schemes", "chars"}
"""Kinds whose message shows the value itself."""
SIZES = {"min_pixels", "max_pixels"}
COUNTS = {"count", "min_count", "max_count"}


def broken(spec: Spec, rule: str) -> Iterator[tuple[Any, Violation, Violation]]:
    """The body of each edge that breaks a rule, with the violation as the two readings give it."""
    for case in boundary_cases(spec, rule):
        body, call = case.question.body, case.question.call
        generated, interpreted = check(body, call=call), interpret(spec, body, call)
        assert len(generated) == len(interpreted), case
        for one, other in zip(generated, interpreted, strict=True):
            if one.rule == rule:
                yield body, one, other


def sent(body: Any, path: str) -> Any:
    """What stands at a JSON Pointer."""
    for step in path.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        body = body[int(step)] if isinstance(body, list) else body[step]
    return body


def spoken(violation: Violation) -> str:
    """A message without the rule id."""
    return str(violation).replace(f"({violation.rule})", "")


@pytest.mark.parametrize("rule", BODY_RULES)
def test_messages(rule: str) -> None:
    seen = 0
    for body, violation, interpreted in broken(SPEC, rule):
        said, seen = spoken(violation), seen + 1
        assert str(violation) == str(interpreted)
        assert not [mode for mode in MODES if re.search(rf"\b{mode}\b(?! at /)", said)], said
        assert 20 < len(str(violation)) < LONGEST, said
        assert not re.search(r"[.,;:?!] ?[.;?!]|,,|\bNone\b", re.sub(r" ?'[^']*'", "", str(violation))), said
        assert str(violation).endswith("."), said
        assert named(violation, SPEC.rules[rule].kind, body, said), said
    assert seen


def named(violation: Violation, kind: str, body: Any, said: str) -> bool:
    """Whether the value that a message names is the value that was sent."""
    if kind in AS_SENT:
        value = sent(body, violation.path)
        return to_json_text(value) in said
    if kind in SIZES:
        return f"is {sent(body, violation.path)} (" in said
    if kind == "type" and violation.value is not None:
        return f"is {json_type(sent(body, violation.path))} (" in said
    if kind in ("unknown", "only_for"):
        return (
            safe_repr(violation.path.rpartition("/")[2].replace("~1", "/").replace("~0", "~"))[1:-1] in said
        )
    if kind in COUNTS:
        return f" {violation.value:,} item" in said
    return True
