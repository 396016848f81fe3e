"""Whether each rule was really judged. A rule that nobody tests looks just like one that holds."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from wan_conformance.judge import is_claimed
from wan_conformance.model import ExpectedAnswer, Observation, Target, Verdict
from wanlib.spec import Rule

_KEEPS, _BREAKS = "keeps", "breaks"


class Coverage:
    """Counts what was judged about each rule by each target, and tells what is missing."""

    def __init__(self) -> None:
        self._cases: Counter[tuple[str, str]] = Counter()
        self._judged: Counter[tuple[str, str, str]] = Counter()

    def record(self, verdict: Verdict) -> None:
        """Takes one verdict into account; skipped ones count as cases that were not judged."""
        if verdict.rule is None:
            return
        self._cases[verdict.rule, verdict.target] += 1
        if verdict.verdict != "skip":
            side = _BREAKS if verdict.rule in verdict.expected.rules else _KEEPS
            self._judged[verdict.rule, verdict.target, side] += 1

    def failures(self, rules: Iterable[Rule], targets: Sequence[Target], whole: bool) -> Iterator[Verdict]:
        """A failing verdict for each rule and target where something is missing.

        whole: every target took part, so a rule that none of them claims is a failure too.
        """
        for rule in rules:
            claimants = [target for target in targets if is_claimed(rule.id, target)]
            for target in claimants:
                missing = self._missing(rule.id, target.name)
                if missing:
                    yield _failure(rule.id, target.name, missing)
            if whole and not claimants:
                for target in targets:
                    yield _failure(rule.id, target.name, f"no target judges {rule.kind}")

    def _missing(self, rule: str, target: str) -> str | None:
        cases = self._cases[rule, target]
        if not cases:
            return "no case is about this rule"
        judged = {side for side in (_KEEPS, _BREAKS) if self._judged[rule, target, side]}
        if not judged:
            return f"claims this kind, and skipped all {cases} cases"
        lacking = {_KEEPS, _BREAKS} - judged
        return f"judged no case that {lacking.pop()} this rule" if lacking else None


def _failure(rule: str, target: str, reason: str) -> Verdict:
    observation = Observation(None, (), error=reason)
    return Verdict(
        rule, f"coverage:{rule}", target, "fail", ExpectedAnswer(None, ()), observation, reason=reason
    )
