"""Quality gates: minimum numbers of judged rules and cases, so that a run cannot shrink unnoticed.

A file of gates is a list; each entry names targets by a glob, and limits on the counts of each of them. The
first line of a log has the gates, so that each report evaluates them again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from wan_conformance.model import Verdict
from wanlib.base.redaction import safe_repr
from wanlib.base.text import did_you_mean


@dataclass(frozen=True, slots=True)
class TargetCounts:
    """The counts of a run for one target.

    Attributes:
        rules: Rules with a judged case.
        cases: Judged cases.
        unjudged: Rules of the run without a judged case.
        skipped: Cases that were skipped.
        known: Known failures.
    """

    rules: int
    cases: int
    unjudged: int
    skipped: int
    known: int


_LIMITS: Mapping[str, tuple[str, Callable[[TargetCounts], int]]] = {
    "min_rules": ("rules judged", lambda counts: counts.rules),
    "min_cases": ("cases judged", lambda counts: counts.cases),
    "max_unjudged": ("rules not judged", lambda counts: counts.unjudged),
    "max_skipped": ("cases skipped", lambda counts: counts.skipped),
    "max_known": ("known failures", lambda counts: counts.known),
}


@dataclass(frozen=True, slots=True)
class Gate:
    """The limits of one entry.

    Attributes:
        target: A glob over the names of targets.
        limits: The limits by their names, such as `min_rules`.
    """

    target: str
    limits: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return the entry, as `parse_gate` reads it."""
        return {"target": self.target, **self.limits}


@dataclass(frozen=True, slots=True)
class GateResult:
    """The result of one limit for one target.

    Attributes:
        text: The counts and the limit in words.
        passed: Whether the limit holds.
    """

    text: str
    passed: bool

    def __str__(self) -> str:
        return f"gate {'passed' if self.passed else 'FAILED'}: {self.text}"


def parse_gate(entry: Any) -> Gate:
    """Return the gate of an entry.

    Raises:
        ValueError: The entry is invalid; the message states the allowed form.
    """
    if not isinstance(entry, Mapping):
        raise ValueError(f"is {safe_repr(entry)}, expected a mapping of target, {', '.join(_LIMITS)}")
    for name, value in entry.items():
        if name not in (*_LIMITS, "target"):
            near = did_you_mean(name, [*_LIMITS, "target"])
            raise ValueError(f"has {safe_repr(name)}{near}, expected target, {', '.join(_LIMITS)}")
        if name != "target" and (type(value) is not int or value < 0):
            raise ValueError(f"{name} is {safe_repr(value)}, expected a whole number of 0 or more")
    target = entry.get("target", "*")
    if not isinstance(target, str) or not target:
        raise ValueError(f"target is {safe_repr(target)}, expected a glob over the names of targets")
    limits = {name: value for name, value in entry.items() if name != "target"}
    if not limits:
        raise ValueError(f"has no limit, expected one of {', '.join(_LIMITS)}")
    return Gate(target, limits)


def gate_results(run: Mapping[str, Any], verdicts: Sequence[Verdict]) -> list[GateResult]:
    """Evaluate the gates of a log.

    Args:
        run: The first line of the log.
        verdicts: Its verdicts.
    """
    gates = [parse_gate(entry) for entry in run.get("gates", ())]
    targets = run.get("targets", ()) if gates else ()
    counts = {target: _counts(target, run, verdicts) for target in targets}
    return [result for gate in gates for result in _results(gate, counts)]


def _counts(target: str, run: Mapping[str, Any], verdicts: Iterable[Verdict]) -> TargetCounts:
    own = [verdict for verdict in verdicts if verdict.target == target and not _is_about_the_run(verdict)]
    judged = [verdict for verdict in own if verdict.verdict != "skip"]
    rules = {verdict.rule for verdict in judged if verdict.rule}
    return TargetCounts(
        rules=len(rules),
        cases=len(judged),
        unjudged=len(run.get("rules", {}).keys() - rules),
        skipped=len(own) - len(judged),
        known=sum(verdict.verdict == "known" for verdict in own),
    )


def _is_about_the_run(verdict: Verdict) -> bool:
    """Return whether a verdict is about the coverage, such as a rule without cases, and not about a case."""
    return verdict.case.startswith(("coverage:", "end:"))


def _results(gate: Gate, counts: Mapping[str, TargetCounts]) -> Iterator[GateResult]:
    targets = [target for target in counts if fnmatchcase(target, gate.target)]
    if not targets:
        yield GateResult(f"no target of the run matches {gate.target!r}", False)
    for target in targets:
        for name, limit in gate.limits.items():
            words, count = _LIMITS[name]
            value = count(counts[target])
            is_minimum = name.startswith("min_")
            bound = "at least" if is_minimum else "at most"
            passed = value >= limit if is_minimum else value <= limit
            yield GateResult(f"{target}: {words}: {value:,}, {bound} {limit:,}", passed)
