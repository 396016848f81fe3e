"""Strategies: one verdict for each target, told by the least body that fails."""

from collections.abc import Callable, Iterator

from conformance.model import Case, Strategy, Verdict
from tests.conformance.tiny import MAX, Tiny, case, right, run

WRONG = Tiny(lambda body: [MAX] * (body["cups"] > 8), "wrong")


def draw(seed: int, count: int) -> Iterator[Case]:
    yield from (case(cups, about=MAX, side=f"drawn{seed}") for cups in range(5, 5 + count))


def least(seed: int, count: int, fails: Callable[[Case], bool]) -> Case | None:
    return next((each for each in draw(seed, count) if fails(each)), None)


STRATEGY = Strategy("strategy:tea", MAX, draw, least)


def judged(*targets: Tiny, strategy: Strategy = STRATEGY, examples: int = 6) -> list[Verdict]:
    return run(targets, [strategy], rules=[], examples=examples, seed=9)


def test_a_strategy_is_one_case_for_each_target() -> None:
    told = judged(Tiny(right), WRONG)
    assert [(each.case, each.rule, each.target, each.verdict) for each in told] == [
        ("strategy:tea", MAX, "tiny", "pass"),
        ("strategy:tea", MAX, "wrong", "fail"),
    ]
    assert told[0].seed == 9
    assert told[0].expected.rules == (MAX,)


def test_every_example_is_asked() -> None:
    target = Tiny(right)
    judged(target, examples=6)
    assert [each.body["cups"] for each in target.asked] == [5, 6, 7, 8, 9, 10]


def test_a_failure_is_told_by_the_least_body() -> None:
    late = Tiny(lambda body: [MAX] * (body["cups"] != 7), "late")
    assert judged(late)[0].body["cups"] == 7


def test_a_failure_that_can_not_be_found_again_is_a_failure() -> None:
    lost = Strategy("strategy:tea", MAX, draw, lambda seed, count, fails: None)
    assert judged(WRONG, strategy=lost)[0].verdict == "fail"


def test_a_target_that_failed_is_asked_no_further_examples() -> None:
    target = Tiny(lambda body: [], "none")
    judged(target, strategy=Strategy("strategy:tea", MAX, draw, lambda seed, count, fails: None))
    assert len(target.asked) == 1


def test_a_strategy_without_examples_is_an_error() -> None:
    told = judged(Tiny(right), examples=0)[0]
    assert (told.verdict, told.observed.error) == ("error", "the strategy drew no example")


def test_a_strategy_about_an_unclaimed_rule_is_skipped() -> None:
    assert judged(Tiny(right, kinds=[]))[0].verdict == "skip"


def test_examples_of_different_answers_are_told_without_them() -> None:
    """So that a baseline is the same whatever was drawn first."""
    mixed = Strategy(
        "strategy:tea", None, lambda seed, count: [case(4, about=None), case(5, about=None)], least
    )
    told = judged(Tiny(right), strategy=mixed)[0]
    assert (told.verdict, told.expected.accepted, told.expected.rules) == ("pass", None, ())
