"""The judge: the expected answer of a target, and the verdict on its observation."""

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
    ("judged_case", "target", "expected"),
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
def test_expected_answer(judged_case: Case, target: Tiny, expected: ExpectedAnswer) -> None:
    assert expected_answer(judged_case, target) == expected


def test_outcomes_that_the_target_accepts() -> None:
    """`ignored` is accepted by all; what the service truncates is refused by check, taken by a service."""
    service = Tiny(right)
    service.refuses = frozenset({"rejected"})
    for outcome, check, served in (
        ("ignored", True, True),
        ("truncated", False, True),
        ("rejected", False, False),
    ):
        judged_case = Case("edge:1", MAX, Question({}, None), ((MAX, outcome),))
        assert (
            expected_answer(judged_case, TINY).accepted,
            expected_answer(judged_case, service).accepted,
        ) == (
            check,
            served,
        )


@pytest.mark.parametrize(
    ("judged_case", "observation", "verdict"),
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
def test_verdicts(judged_case: Case, observation: Any, verdict: str) -> None:
    assert judge(judged_case, TINY, observation).verdict == verdict


def test_an_unclaimed_rule_is_skipped_with_the_reason() -> None:
    for target in (Tiny(right, kinds=["one_of"]), Tiny(right, leaves_out=[MAX])):
        verdict = judge(case(4), target, None)
        assert (verdict.verdict, verdict.reason) == ("skip", "not judged by tiny")


def test_a_question_that_cannot_be_expressed_is_skipped() -> None:
    assert judge(case(4), TINY, Observation(None, (), skipped="no cups here")).reason == "no cups here"


def test_a_verdict_has_expected_and_observed_answer() -> None:
    verdict = judge(case(5), TINY, Observation(True, ()))
    assert (verdict.rule, verdict.case, verdict.target) == (MAX, case(5).id, "tiny")
    assert (verdict.expected, verdict.observed) == (ExpectedAnswer(False, (MAX,)), Observation(True, ()))


def test_judge_imports_only_the_model_and_base() -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"wan_conformance.model", "wanlib.base.identifiers", "wanlib.boundary.case"}


@pytest.mark.parametrize(
    ("judged_case", "accepted", "verdict"),
    [
        (case(5, about=None), False, "skip"),
        (case(5, about=None), True, "pass"),
        (case(4, about=None), False, "fail"),
        (case(5, "green", about=WORD), False, "skip"),
        (case(1, "green", about=WORD), True, "pass"),
    ],
)
def test_a_refusal_without_a_rule_may_be_about_a_rule_that_is_not_judged(
    judged_case: Case, accepted: bool, verdict: str
) -> None:
    target = Tiny(right, leaves_out=[MAX])
    judged = judge(judged_case, target, Observation(accepted, (), unnamed=True))
    assert (judged.verdict, judged.reason) == (
        verdict,
        f"may be refused for {MAX}" * (verdict == "skip") or None,
    )
    named = judge(judged_case, target, Observation(accepted, (MAX,) if not accepted else ()))
    assert named.verdict != "skip"
