"""The runner: every verdict, and what must hold for a run as a whole."""

from collections.abc import Iterator
from typing import Any

import pytest
from wan_conformance.engine.runner import DuplicateCaseError
from wan_conformance.model import FAILING, Observation

from tests.conformance.tiny import MAX, MODEL, RULES, WORD, Tiny, all_cases, case, raises, right, run, source
from wanlib.boundary.case import Case


def failing(verdicts: list[Any]) -> list[tuple[str, str]]:
    return [(verdict.case, verdict.target) for verdict in verdicts if verdict.verdict in FAILING]


def test_a_correct_target_passes_everything() -> None:
    assert [verdict.verdict for verdict in run([Tiny(right)])] == ["pass"] * 4


def test_a_target_that_is_wrong_by_one_fails_just_there() -> None:
    wrong = Tiny(lambda body: [MAX] * (body["cups"] > 5) + [WORD] * (body["sort"] != "black"), "wrong")
    assert failing(run([Tiny(right), wrong])) == [(case(5, side="breaks").id, "wrong")]


def test_a_target_that_accepts_nothing_fails_valid_cases() -> None:
    assert len(failing(run([Tiny(lambda body: [MAX])]))) == 3


def test_a_target_that_names_a_rule_too_many_fails() -> None:
    chatty = Tiny(lambda body: [WORD, *right(body)])
    assert failing(run([chatty])) == [(verdict.id, "tiny") for verdict in all_cases()[:3]]


@pytest.mark.parametrize("answers", [raises, lambda body: None])
def test_a_target_that_does_not_answer_fails_every_case(answers: Any) -> None:
    verdicts = run([Tiny(answers, "mute"), Tiny(right)])
    assert [verdict.verdict for verdict in verdicts if verdict.target == "mute"] == ["error"] * 4
    assert [verdict.verdict for verdict in verdicts if verdict.target == "tiny"] == ["pass"] * 4


def test_an_exception_of_a_target_is_reported() -> None:
    assert run([Tiny(raises)])[0].observed.error == "KeyError('no tea\\x1b[31m')"


def test_the_target_receives_only_the_question() -> None:
    target = Tiny(right)
    run([target], [case(4)], rules=[])
    assert [(verdict.body["cups"], verdict.call) for verdict in target.asked] == [(4, None)]
    assert not hasattr(target.asked[0], "breaks")


def test_a_target_gets_no_questions_about_unclaimed_kinds() -> None:
    target = Tiny(right, kinds=["max"])
    assert [verdict.verdict for verdict in run([target], is_complete=False)] == [
        "pass",
        "pass",
        "skip",
        "skip",
    ]
    assert len(target.asked) == 2


def test_a_rule_that_a_claiming_target_always_skips_fails() -> None:
    def skips(body: Any) -> Any:
        return Observation(None, (), skipped="no sorts here") if body["cups"] == 1 else right(body)

    failures = [verdict for verdict in run([Tiny(skips)]) if verdict.verdict == "fail"]
    assert [(verdict.rule, verdict.reason) for verdict in failures] == [
        (WORD, "claims this kind, and skipped all 2 cases")
    ]


@pytest.mark.parametrize(("kept", "side"), [(0, "violates"), (1, "satisfies")])
def test_a_rule_of_which_one_side_is_not_judged_fails(kept: int, side: str) -> None:
    failures = [
        verdict
        for verdict in run([Tiny(right)], [all_cases()[kept], *all_cases()[2:]])
        if verdict.verdict == "fail"
    ]
    assert [(verdict.rule, verdict.reason) for verdict in failures] == [
        (MAX, f"judged no case that {side} this rule")
    ]


def test_a_rule_without_a_case_fails() -> None:
    failures = [verdict for verdict in run([Tiny(right)], all_cases()[:2]) if verdict.verdict == "fail"]
    assert [(verdict.case, verdict.reason) for verdict in failures] == [
        (f"coverage:{WORD}", "no case is about this rule")
    ]


def test_a_rule_that_no_target_judges_fails_only_a_complete_run() -> None:
    targets = [Tiny(right, kinds=["max"])]
    failures = [verdict for verdict in run(targets) if verdict.verdict == "fail"]
    assert [(verdict.rule, verdict.reason) for verdict in failures] == [(WORD, "no target judges one_of")]
    assert failing(run(targets, is_complete=False)) == []


def test_a_run_without_cases_fails_all_rules() -> None:
    assert len(failing(run([Tiny(right)], []))) == len(RULES)


def test_one_case_is_in_memory_at_a_time() -> None:
    alive: list[int] = []

    def cases() -> Iterator[Case]:
        for verdict in all_cases():
            alive.append(len(target.asked))
            yield verdict

    target = Tiny(right)
    run([target], sources=[source(cases())])
    assert alive == [0, 1, 2, 3]


def test_two_cases_with_one_id_are_refused() -> None:
    with pytest.raises(DuplicateCaseError, match=r"edge:tea/cups\.max"):
        run([Tiny(right)], [case(4), case(4)])


def test_bodies_of_cases_that_did_not_pass_are_redacted() -> None:
    secret = Case("edge:1", None, case(9).question, ())
    secret.question.body["image"] = "data:image/png;base64," + "A" * 500
    passed, failed = run([Tiny(right)], [case(4, about=None), secret], rules=[])
    assert passed.body is None
    assert failed.body["cups"] == 9
    assert "digest" in failed.body["image"]
    assert "AAAA" not in failed.body["image"]


def test_a_verdict_has_seed_model_and_time() -> None:
    drawn = Case("strategy:1", None, case(4).question, (), seed=7)
    first, second = run([Tiny(right)], [case(4), drawn], rules=[], seed=3)
    assert (first.seed, second.seed, first.model) == (3, 7, MODEL)
    assert 0 < first.ms < 1000


def test_each_case_is_reported_for_the_progress_bar() -> None:
    progress: list[str] = []
    run([Tiny(right)], on_case=lambda case: progress.append(f"{case.source} {case.step}"))
    assert progress == [f"edges {MAX}"] * 2 + [f"edges {WORD}"] * 2
