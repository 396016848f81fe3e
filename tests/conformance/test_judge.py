"""The judge: what is due from a target, and the verdict on what it says."""

import ast
from pathlib import Path
from typing import Any

import pytest
from wan_conformance import judge as module
from wan_conformance.judge import expected_answer, judge
from wan_conformance.model import ExpectedAnswer, Observation

from tests.conformance.tiny import MAX, WORD, Tiny, case, right
from wanlib.boundary.case import Case, Question

TINY = Tiny(right)
TELLS_MAX_ALONE = Tiny(right, kinds=["max"])


@pytest.mark.parametrize(
    ("given", "target", "due"),
    [
        (case(4), TINY, ExpectedAnswer(True, ())),
        (case(5), TINY, ExpectedAnswer(False, (MAX,))),
        (case(1, "green"), TINY, ExpectedAnswer(None, (WORD,))),
        (case(5, "green"), TINY, ExpectedAnswer(False, (MAX, WORD))),
        (case(1, "green"), TELLS_MAX_ALONE, ExpectedAnswer(True, ())),
        (case(5, "green"), TELLS_MAX_ALONE, ExpectedAnswer(False, (MAX,))),
        (case(5, "green"), Tiny(right, leaves_out=[MAX]), ExpectedAnswer(None, (WORD,))),
    ],
)
def test_what_is_due(given: Case, target: Tiny, due: ExpectedAnswer) -> None:
    assert expected_answer(given, target) == due


def test_outcomes_that_this_target_lets_through() -> None:
    """`ignored` is accepted by all; what the service truncates is refused by check, taken by a service."""
    service = Tiny(right)
    service.refuses = frozenset({"rejected"})
    for outcome, check, served in (
        ("ignored", True, True),
        ("truncated", False, True),
        ("rejected", False, False),
    ):
        given = Case("edge:1", MAX, Question({}, None), ((MAX, outcome),))
        assert (expected_answer(given, TINY).accepted, expected_answer(given, service).accepted) == (
            check,
            served,
        )


@pytest.mark.parametrize(
    ("given", "seen", "verdict"),
    [
        (case(4), Observation(True, ()), "pass"),
        (case(5), Observation(False, (MAX,)), "pass"),
        (case(5), Observation(True, ()), "fail"),
        (case(5), Observation(True, (MAX,)), "fail"),
        (case(5), Observation(False, ()), "fail"),
        (case(5), Observation(False, (MAX, WORD)), "fail"),
        (case(4), Observation(False, ()), "fail"),
        (case(4), Observation(None, ()), "fail"),
        (case(1, "green"), Observation(True, (WORD,)), "pass"),
        (case(1, "green"), Observation(False, (WORD,)), "pass"),
        (case(1, "green"), Observation(None, (WORD,)), "pass"),
        (case(1, "green"), Observation(True, ()), "fail"),
        (case(5, "green"), Observation(False, (WORD, MAX)), "pass"),
        (case(5, about=None), Observation(False, (MAX,)), "pass"),
        (case(4), Observation(True, (), error="out of tea"), "error"),
        (case(4), Observation(True, (), skipped="no cups here"), "skip"),
        (case(4), None, "error"),
        (case(4), {"accepted": True}, "error"),
    ],
)
def test_verdicts(given: Case, seen: Any, verdict: str) -> None:
    assert judge(given, TINY, seen).verdict == verdict


def test_an_unclaimed_rule_is_skipped_with_the_reason() -> None:
    for target in (Tiny(right, kinds=["one_of"]), Tiny(right, leaves_out=[MAX])):
        told = judge(case(4), target, None)
        assert (told.verdict, told.reason) == ("skip", "not judged by tiny")


def test_what_a_target_can_not_express_is_skipped_with_its_reason() -> None:
    assert judge(case(4), TINY, Observation(None, (), skipped="no cups here")).reason == "no cups here"


def test_a_verdict_tells_both_answers() -> None:
    told = judge(case(5), TINY, Observation(True, ()))
    assert (told.rule, told.case, told.target) == (MAX, case(5).id, "tiny")
    assert (told.expected, told.observed) == (ExpectedAnswer(False, (MAX,)), Observation(True, ()))


def test_judge_imports_only_the_model_and_base() -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"wan_conformance.model", "wanlib.base.rule_id", "wanlib.boundary.case"}
