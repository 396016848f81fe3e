"""Check that every rule was judged: otherwise an untested rule looks like one that all targets satisfy."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from wan_conformance.judge import is_claimed
from wan_conformance.model import UNJUDGED, ExpectedAnswer, Observation, Target, Verdict
from wanlib.spec import Rule

_SATISFIES, _VIOLATES = "satisfies", "violates"


class Coverage:
    """Count the judged cases of each rule for each target, and report gaps.

    Args:
        may_skip: Globs over ids of rules and checks that may remain unjudged.
    """

    def __init__(self, may_skip: Sequence[str] = ()) -> None:
        self._may_skip = may_skip
        self._checks: list[Verdict] = []
        self._cases: Counter[tuple[str, str]] = Counter()
        self._judged: Counter[tuple[str, str, str]] = Counter()

    def record(self, verdict: Verdict) -> None:
        """Count one verdict; a skipped one counts as a case that was not judged."""
        if verdict.rule is None:
            if verdict.is_check and verdict.verdict == "skip":
                self._checks.append(verdict)
            return
        self._cases[verdict.rule, verdict.target] += 1
        if verdict.verdict != "skip":
            side = _VIOLATES if verdict.rule in verdict.expected.rules else _SATISFIES
            self._judged[verdict.rule, verdict.target, side] += 1

    def failures(
        self, rules: Iterable[Rule], targets: Sequence[Target], is_complete: bool
    ) -> Iterator[Verdict]:
        """Yield a verdict for each rule or check, and target, where something was not judged.

        It is `fail`, or `skip` if the rule or check may stay unjudged.

        Args:
            rules: The rules that must be covered.
            targets: The targets of the run.
            is_complete: Whether all targets took part, so that a rule that none of them claims fails too.
        """
        for check in self._checks:
            yield self._unjudged(None, check.case, check.target, check.reason or "", check.model)
        for rule in rules:
            claimants = [target for target in targets if is_claimed(rule.id, target)]
            for target in claimants:
                missing = self._missing(rule.id, target.name)
                if missing:
                    yield self._unjudged(rule.id, rule.id, target.name, missing)
            if is_complete and not claimants:
                for target in targets:
                    yield self._unjudged(rule.id, rule.id, target.name, f"no target judges {rule.kind}")

    def _unjudged(
        self, rule: str | None, name: str, target: str, reason: str, model: str | None = None
    ) -> Verdict:
        """Return the verdict about a rule or check of this name that was not judged."""
        observation = Observation(None, (), error=reason)
        verdict = Verdict(
            rule,
            f"{UNJUDGED}{name}",
            target,
            "fail",
            ExpectedAnswer(None, ()),
            observation,
            model=model,
            reason=reason,
        )
        pattern = next((pattern for pattern in self._may_skip if fnmatchcase(name, pattern)), None)
        if pattern is None:
            return verdict
        return replace(verdict, verdict="skip", reason=f"{reason} (--may-skip {pattern})")

    def _missing(self, rule: str, target: str) -> str | None:
        cases = self._cases[rule, target]
        if not cases:
            return "no case is about this rule"
        judged = {side for side in (_SATISFIES, _VIOLATES) if self._judged[rule, target, side]}
        if not judged:
            return (
                f"claims this kind, and skipped {'its only case' if cases == 1 else f'all {cases:,} cases'}"
            )
        lacking = {_SATISFIES, _VIOLATES} - judged
        return f"judged no case that {lacking.pop()} this rule" if lacking else None
