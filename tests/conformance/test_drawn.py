"""Verdicts on strategies: one per target, shown by the smallest body that fails."""

import json
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from wan_conformance.engine.smallest_search import SearchBudget
from wan_conformance.engine.strategy_runner import valid_case
from wan_conformance.model import Strategy, Verdict
from wan_conformance.report.causes.grouping import failure_text, group_by_cause
from wan_conformance.report.log import VerdictLog, verdict_from_json, verdict_to_json

from tests.conformance.tiny import HEAD, MAX, Tiny, case, right, run
from wanlib.boundary.case import Case
from wanlib.spec import load

Put = Callable[[Case], object]

WRONG = Tiny(lambda body: [MAX] * (body["cups"] > 8), "wrong")


def cases(seed: int, count: int) -> Iterator[Case]:
    yield from (case(cups, about=MAX, side=f"drawn{seed}") for cups in range(5, 5 + count))


def draw(seed: int, count: int, handle: Put) -> None:
    for drawn in cases(seed, count):
        handle(drawn)


def falling(seed: int, count: int, handle: Put) -> None:
    for drawn in reversed(list(cases(seed, count))):
        handle(drawn)


def mixed(seed: int, count: int, handle: Put) -> None:
    handle(case(4, about=None))
    handle(case(5, about=None))


def find_smallest(seed: int, count: int, fails: Callable[[Case], bool]) -> Case | None:
    return next((drawn for drawn in cases(seed, count) if fails(drawn)), None)


def none(seed: int, count: int, fails: Callable[[Case], bool]) -> Case | None:
    return None


STRATEGY = Strategy("strategy:tea", MAX, draw, find_smallest)


def judged(*targets: Tiny, strategy: Strategy = STRATEGY, examples: int = 6) -> list[Verdict]:
    return run(targets, [strategy], rules=[], examples=examples, seed=9)


def test_a_strategy_is_one_case_for_each_target() -> None:
    verdicts = judged(Tiny(right), WRONG)
    assert [(line.case, line.rule, line.target, line.verdict) for line in verdicts] == [
        ("strategy:tea", MAX, "tiny", "pass"),
        ("strategy:tea", MAX, "wrong", "fail"),
    ]
    assert verdicts[0].seed == 9
    assert verdicts[0].expected.rules == (MAX,)


def test_every_example_is_put_to_the_target() -> None:
    target = Tiny(right)
    judged(target, examples=6)
    assert [asked.body["cups"] for asked in target.asked] == [5, 6, 7, 8, 9, 10]


def test_a_failure_is_shown_by_the_smallest_body() -> None:
    assert judged(WRONG, strategy=Strategy("strategy:tea", MAX, falling, find_smallest))[0].body["cups"] == 5


def test_a_failure_that_is_not_found_again_is_a_failure() -> None:
    assert judged(WRONG, strategy=Strategy("strategy:tea", MAX, draw, none))[0].verdict == "fail"


def test_a_failed_target_gets_no_further_examples() -> None:
    target = Tiny(lambda body: [], "none")
    judged(target, strategy=Strategy("strategy:tea", MAX, draw, none))
    assert len(target.asked) == 1


def test_a_strategy_without_examples_is_an_error() -> None:
    verdicts = judged(Tiny(right), examples=0)[0]
    assert (verdicts.verdict, verdicts.observed.error) == ("error", "the strategy drew no example")


def test_a_strategy_about_an_unclaimed_rule_is_skipped() -> None:
    assert judged(Tiny(right, kinds=[]))[0].verdict == "skip"


def test_answers_that_differ_are_left_out() -> None:
    """So that a baseline is the same whatever was drawn first."""
    verdicts = judged(Tiny(right), strategy=Strategy("strategy:tea", None, mixed, find_smallest))[0]
    assert (verdicts.verdict, verdicts.expected.accepted, verdicts.expected.rules) == ("pass", None, ())


def shrinks(seed: int, count: int, fails: Callable[[Case], bool]) -> Case:
    """Try 9, 8, 7, … cups, as a search does that finds smaller and smaller ones."""
    return [drawn for drawn in reversed(list(cases(seed, 5))) if fails(drawn)][-1]


@pytest.mark.parametrize(
    ("budget", "cups"),
    [
        (SearchBudget(tries=5), 5),
        (SearchBudget(tries=2), 8),
        (SearchBudget(size=3 * 25), 7),  # 25 characters in a body
        (SearchBudget(seconds=4.0, now=count(0.0).__next__), 7),
        (SearchBudget(seconds=0.0), 5),
    ],
    ids=["enough", "tries", "bytes", "seconds", "nothing"],
)
def test_a_search_ends_with_its_budget_and_says_so(budget: SearchBudget, cups: int) -> None:
    strategy = Strategy("strategy:tea", MAX, draw, shrinks)
    verdict = run([WRONG], [strategy], rules=[], examples=6, search=budget)[0]
    is_smallest = verdict.body["cups"] == 5 and budget.seconds > 0
    assert (verdict.verdict, verdict.body["cups"], verdict.is_smallest) == ("fail", cups, is_smallest)
    assert verdict_from_json(json.loads(json.dumps(verdict_to_json(verdict)))).is_smallest is is_smallest
    (cause,) = group_by_cause(VerdictLog(HEAD, (verdict,)))
    assert ("a smaller body may fail, too" in failure_text(cause)) is not is_smallest


def test_the_time_of_all_searches_counts_together() -> None:
    budget = SearchBudget(seconds=8.0, now=count(0.0).__next__)
    first, second = (Strategy(f"strategy:{name}", MAX, draw, shrinks) for name in ("tea", "milk"))
    verdicts = run([WRONG], [first, second], rules=[], examples=6, search=budget)
    assert [(verdict.body["cups"], verdict.is_smallest) for verdict in verdicts] == [(5, True), (5, False)]


def test_hypothesis_lets_a_search_end() -> None:
    spec = load()
    mute = Tiny(lambda body: None)
    strategy = valid_case(spec, "wan2.5-i2i-preview")
    ticks = count(0.0)
    budget = SearchBudget(tries=3, now=lambda: next(ticks))
    (verdict,) = run([mute], [strategy], rules=[], examples=5, search=budget)
    assert (len(mute.asked), verdict.verdict, verdict.is_smallest) == (4, "error", False)
    assert next(ticks) == 6  # begin, three tries, one too many, end
