"""The runner: every verdict path, and what must hold of a run as a whole."""

from collections.abc import Iterator
from typing import Any

import pytest
from wan_conformance.engine.runner import DuplicateCaseError
from wan_conformance.model import FAILING, Observation

from tests.conformance.tiny import MAX, MODEL, RULES, WORD, Tiny, all_cases, case, raises, right, run, source
from wanlib.boundary.case import Case


def failing(verdicts: list[Any]) -> list[tuple[str, str]]:
    return [(each.case, each.target) for each in verdicts if each.verdict in FAILING]


def test_a_right_target_passes_everything() -> None:
    assert [each.verdict for each in run([Tiny(right)])] == ["pass"] * 4


def test_a_target_that_is_wrong_by_one_fails_just_there() -> None:
    wrong = Tiny(lambda body: [MAX] * (body["cups"] > 5) + [WORD] * (body["sort"] != "black"), "wrong")
    assert failing(run([Tiny(right), wrong])) == [(case(5, side="breaks").id, "wrong")]


def test_a_target_that_lets_nothing_through_fails_what_is_clean() -> None:
    assert len(failing(run([Tiny(lambda body: [MAX])]))) == 3


def test_a_target_that_names_a_rule_too_many_fails() -> None:
    chatty = Tiny(lambda body: [WORD, *right(body)])
    assert failing(run([chatty])) == [(each.id, "tiny") for each in all_cases()[:3]]


@pytest.mark.parametrize("answers", [raises, lambda body: None])
def test_a_target_that_does_not_answer_fails_every_case(answers: Any) -> None:
    verdicts = run([Tiny(answers, "mute"), Tiny(right)])
    assert [each.verdict for each in verdicts if each.target == "mute"] == ["error"] * 4
    assert [each.verdict for each in verdicts if each.target == "tiny"] == ["pass"] * 4


def test_what_a_target_raises_is_told() -> None:
    assert run([Tiny(raises)])[0].observed.error == "KeyError('no tea\\x1b[31m')"


def test_the_target_sees_the_question_alone() -> None:
    target = Tiny(right)
    run([target], [case(4)], rules=[])
    assert [(each.body["cups"], each.call) for each in target.asked] == [(4, None)]
    assert not hasattr(target.asked[0], "breaks")


def test_a_target_is_not_asked_about_what_it_does_not_claim() -> None:
    target = Tiny(right, kinds=["max"])
    assert [each.verdict for each in run([target], is_complete=False)] == ["pass", "pass", "skip", "skip"]
    assert len(target.asked) == 2


def test_a_rule_that_a_claiming_target_always_skips_fails() -> None:
    def skips(body: Any) -> Any:
        return Observation(None, (), skipped="no sorts here") if body["cups"] == 1 else right(body)

    told = [each for each in run([Tiny(skips)]) if each.verdict == "fail"]
    assert [(each.rule, each.reason) for each in told] == [
        (WORD, "claims this kind, and skipped all 2 cases")
    ]


@pytest.mark.parametrize(("kept", "side"), [(0, "breaks"), (1, "keeps")])
def test_a_rule_of_which_one_side_is_not_judged_fails(kept: int, side: str) -> None:
    told = [
        each for each in run([Tiny(right)], [all_cases()[kept], *all_cases()[2:]]) if each.verdict == "fail"
    ]
    assert [(each.rule, each.reason) for each in told] == [(MAX, f"judged no case that {side} this rule")]


def test_a_rule_without_a_case_fails() -> None:
    told = [each for each in run([Tiny(right)], all_cases()[:2]) if each.verdict == "fail"]
    assert [(each.case, each.reason) for each in told] == [(f"coverage:{WORD}", "no case is about this rule")]


def test_a_rule_that_no_target_judges_fails_a_whole_run_only() -> None:
    targets = [Tiny(right, kinds=["max"])]
    told = [each for each in run(targets) if each.verdict == "fail"]
    assert [(each.rule, each.reason) for each in told] == [(WORD, "no target judges one_of")]
    assert failing(run(targets, is_complete=False)) == []


def test_a_run_without_cases_fails_all_rules() -> None:
    assert len(failing(run([Tiny(right)], []))) == len(RULES)


def test_one_case_is_in_memory_at_a_time() -> None:
    alive: list[int] = []

    def cases() -> Iterator[Case]:
        for each in all_cases():
            alive.append(len(target.asked))
            yield each

    target = Tiny(right)
    run([target], sources=[source(cases())])
    assert alive == [0, 1, 2, 3]


def test_two_cases_of_one_id_break_the_run() -> None:
    with pytest.raises(DuplicateCaseError, match=r"edge:tea/cups\.max"):
        run([Tiny(right)], [case(4), case(4)])


def test_bodies_are_kept_where_they_did_not_pass_and_redacted() -> None:
    secret = Case("edge:1", None, case(9).question, ())
    secret.question.body["image"] = "data:image/png;base64," + "A" * 500
    passed, failed = run([Tiny(right)], [case(4, about=None), secret], rules=[])
    assert passed.body is None
    assert failed.body["cups"] == 9
    assert "digest" in failed.body["image"]
    assert "AAAA" not in failed.body["image"]


def test_a_verdict_knows_seed_model_and_time() -> None:
    drawn = Case("strategy:1", None, case(4).question, (), seed=7)
    first, second = run([Tiny(right)], [case(4), drawn], rules=[], seed=3)
    assert (first.seed, second.seed, first.model) == (3, 7, MODEL)
    assert 0 < first.ms < 1000


def test_each_case_is_told_for_the_progress_bar() -> None:
    told: list[str] = []
    run([Tiny(right)], on_case=lambda source, case: told.append(f"{source.name} {source.step(case)}"))
    assert told == [f"edges {MAX}"] * 2 + [f"edges {WORD}"] * 2
