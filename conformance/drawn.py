"""A strategy judged: many drawn bodies, one verdict for each target."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from conformance.model import FAILING, Answer, Case, Observation, Strategy, Target, Verdict

Ask = Callable[[Case, Target], Verdict]


def judge_strategy(
    strategy: Strategy, targets: Sequence[Target], seed: int, count: int, ask: Ask
) -> Iterator[Verdict]:
    """The worst verdict of each target over the examples; a failure is told by the least body that shows it.

    The examples are drawn once for all targets; a target that has failed is asked no further.
    """
    verdicts: dict[str, list[Verdict]] = {target.name: [] for target in targets}

    def put(case: Case) -> None:
        for target in targets:
            heard = verdicts[target.name]
            if not heard or heard[-1].verdict not in FAILING:
                heard.append(ask(case, target))

    strategy.each(seed, count, put)
    for target in targets:
        verdict = _told(strategy, target, verdicts[target.name], seed, count, ask)
        yield replace(verdict, rule=strategy.rule, case=strategy.id)


def _told(
    strategy: Strategy, target: Target, heard: list[Verdict], seed: int, count: int, ask: Ask
) -> Verdict:
    if not heard:
        nothing = Observation(None, (), error="the strategy drew no example")
        return Verdict(None, "", target.name, "error", Answer(None, ()), nothing, seed=seed)
    ms = round(sum(each.ms for each in heard), 3)
    if heard[-1].verdict in FAILING:
        least = strategy.least(seed, count, lambda case: ask(case, target).verdict in FAILING)
        return replace(heard[-1] if least is None else ask(least, target), ms=ms)
    judged = [each for each in heard if each.verdict != "skip"]
    return replace(_common(judged or heard), ms=ms, seed=seed)


def _common(heard: list[Verdict]) -> Verdict:
    """One of them, without what they don't share: so the line is the same whatever was drawn."""
    first = heard[0]
    if all(each.expected == first.expected for each in heard):
        due, seen = first.expected, first.observed
    else:
        due, seen = Answer(None, ()), Observation(None, ())
    model = first.model if all(each.model == first.model for each in heard) else None
    return replace(first, expected=due, observed=seen, model=model)
