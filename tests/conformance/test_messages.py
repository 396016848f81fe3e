"""The messages of all rules, for every boundary case that violates them."""

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
    """The value at a JSON Pointer."""
    for step in path.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        body = body[int(step)] if isinstance(body, list) else body[step]
    return body


def spoken(violation: Violation) -> str:
    """A message without the rule id."""
    return str(violation).replace(f"({violation.rule})", "")


@pytest.mark.parametrize("rule", BODY_RULES)
def test_messages(rule: str) -> None:
    count = 0
    for body, violation, interpreted in broken(SPEC, rule):
        message, count = spoken(violation), count + 1
        assert str(violation) == str(interpreted)
        assert not [mode for mode in MODES if re.search(rf"\b{mode}\b(?! at /)", message)], message
        assert 20 < len(str(violation)) < LONGEST, message
        assert not re.search(r"[.,;:?!] ?[.;?!]|,,|\bNone\b", re.sub(r" ?'[^']*'", "", str(violation))), (
            message
        )
        assert str(violation).endswith("."), message
        assert named(violation, SPEC.rules[rule].kind, body, message), message
    assert count


def named(violation: Violation, kind: str, body: Any, message: str) -> bool:
    """Whether the value that a message names is the value that was sent."""
    if kind in AS_SENT:
        value = sent(body, violation.path)
        return to_json_text(value) in message
    if kind in SIZES:
        return f"is {sent(body, violation.path)} (" in message
    if kind == "type" and violation.value is not None:
        return f"is {json_type(sent(body, violation.path))} (" in message
    if kind in ("unknown", "only_for"):
        return (
            safe_repr(violation.path.rpartition("/")[2].replace("~1", "/").replace("~0", "~"))[1:-1]
            in message
        )
    if kind in COUNTS:
        return f" {violation.value:,} item" in message
    return True
