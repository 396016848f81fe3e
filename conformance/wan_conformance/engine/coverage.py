"""Check that every rule was really judged: a rule that no case tests looks just like one that holds."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from wan_conformance.judge import is_claimed
from wan_conformance.model import ExpectedAnswer, Observation, Target, Verdict
from wanlib.spec import Rule

_SATISFIES, _VIOLATES = "satisfies", "violates"


class Coverage:
    """Count what was judged about each rule by each target, and report what is missing."""

    def __init__(self) -> None:
        self._cases: Counter[tuple[str, str]] = Counter()
        self._judged: Counter[tuple[str, str, str]] = Counter()

    def record(self, verdict: Verdict) -> None:
        """Count one verdict; a skipped one counts as a case that was not judged."""
        if verdict.rule is None:
            return
        self._cases[verdict.rule, verdict.target] += 1
        if verdict.verdict != "skip":
            side = _VIOLATES if verdict.rule in verdict.expected.rules else _SATISFIES
            self._judged[verdict.rule, verdict.target, side] += 1

    def failures(
        self, rules: Iterable[Rule], targets: Sequence[Target], is_complete: bool
    ) -> Iterator[Verdict]:
        """Yield a failing verdict for each rule and target where something is missing.

        Args:
            rules: The rules that must be covered.
            targets: The targets of the run.
            is_complete: Whether all targets took part, so that a rule that none of them claims fails too.
        """
        for rule in rules:
            claimants = [target for target in targets if is_claimed(rule.id, target)]
            for target in claimants:
                missing = self._missing(rule.id, target.name)
                if missing:
                    yield _failure(rule.id, target.name, missing)
            if is_complete and not claimants:
                for target in targets:
                    yield _failure(rule.id, target.name, f"no target judges {rule.kind}")

    def _missing(self, rule: str, target: str) -> str | None:
        cases = self._cases[rule, target]
        if not cases:
            return "no case is about this rule"
        judged = {side for side in (_SATISFIES, _VIOLATES) if self._judged[rule, target, side]}
        if not judged:
            return f"claims this kind, and skipped all {cases} cases"
        lacking = {_SATISFIES, _VIOLATES} - judged
        return f"judged no case that {lacking.pop()} this rule" if lacking else None


def _failure(rule: str, target: str, reason: str) -> Verdict:
    observation = Observation(None, (), error=reason)
    return Verdict(
        rule, f"coverage:{rule}", target, "fail", ExpectedAnswer(None, ()), observation, reason=reason
    )
