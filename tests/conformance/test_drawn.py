"""Strategies: one verdict for each target, told by the least body that fails."""

from collections.abc import Callable, Iterator

from wan_conformance.model import Strategy, Verdict

from tests.conformance.tiny import MAX, Tiny, case, right, run
from wanlib.boundary.case import Case

Put = Callable[[Case], object]

WRONG = Tiny(lambda body: [MAX] * (body["cups"] > 8), "wrong")


def cases(seed: int, count: int) -> Iterator[Case]:
    yield from (case(cups, about=MAX, side=f"drawn{seed}") for cups in range(5, 5 + count))


def each(seed: int, count: int, put: Put) -> None:
    for drawn in cases(seed, count):
        put(drawn)


def falling(seed: int, count: int, put: Put) -> None:
    for drawn in reversed(list(cases(seed, count))):
        put(drawn)


def mixed(seed: int, count: int, put: Put) -> None:
    put(case(4, about=None))
    put(case(5, about=None))


def least(seed: int, count: int, fails: Callable[[Case], bool]) -> Case | None:
    return next((drawn for drawn in cases(seed, count) if fails(drawn)), None)


def none(seed: int, count: int, fails: Callable[[Case], bool]) -> Case | None:
    return None


STRATEGY = Strategy("strategy:tea", MAX, each, least)


def judged(*targets: Tiny, strategy: Strategy = STRATEGY, examples: int = 6) -> list[Verdict]:
    return run(targets, [strategy], rules=[], examples=examples, seed=9)


def test_a_strategy_is_one_case_for_each_target() -> None:
    told = judged(Tiny(right), WRONG)
    assert [(line.case, line.rule, line.target, line.verdict) for line in told] == [
        ("strategy:tea", MAX, "tiny", "pass"),
        ("strategy:tea", MAX, "wrong", "fail"),
    ]
    assert told[0].seed == 9
    assert told[0].expected.rules == (MAX,)


def test_every_example_is_asked() -> None:
    target = Tiny(right)
    judged(target, examples=6)
    assert [asked.body["cups"] for asked in target.asked] == [5, 6, 7, 8, 9, 10]


def test_a_failure_is_told_by_the_least_body() -> None:
    assert judged(WRONG, strategy=Strategy("strategy:tea", MAX, falling, least))[0].body["cups"] == 5


def test_a_failure_that_can_not_be_found_again_is_a_failure() -> None:
    assert judged(WRONG, strategy=Strategy("strategy:tea", MAX, each, none))[0].verdict == "fail"


def test_a_target_that_failed_is_asked_no_further_examples() -> None:
    target = Tiny(lambda body: [], "none")
    judged(target, strategy=Strategy("strategy:tea", MAX, each, none))
    assert len(target.asked) == 1


def test_a_strategy_without_examples_is_an_error() -> None:
    told = judged(Tiny(right), examples=0)[0]
    assert (told.verdict, told.observed.error) == ("error", "the strategy drew no example")


def test_a_strategy_about_an_unclaimed_rule_is_skipped() -> None:
    assert judged(Tiny(right, kinds=[]))[0].verdict == "skip"


def test_examples_of_different_answers_are_told_without_them() -> None:
    """So that a baseline is the same whatever was drawn first."""
    told = judged(Tiny(right), strategy=Strategy("strategy:tea", None, mixed, least))[0]
    assert (told.verdict, told.expected.accepted, told.expected.rules) == ("pass", None, ())
