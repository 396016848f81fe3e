"""Count a log, for the terminal and the Markdown report."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wan_conformance.gates import GateResult, gate_results
from wan_conformance.model import FAILING, VERDICTS, Verdict
from wan_conformance.report.log import VerdictLog
from wanlib.base.text import quantity

NO_MODEL = "no one model"
SHOWN_RULES = 10
"""Maximum number of rules listed for a validator."""


@dataclass(slots=True)
class TargetCell:
    """The verdicts of one target in one row.

    Attributes:
        passed: The number of passed cases.
        failed: The number of failed cases, errors included.
        known: The number of known failures.
    """

    passed: int = 0
    failed: int = 0
    known: int = 0

    def add(self, verdict: str) -> None:
        """Count one verdict; skipped ones are not counted."""
        self.passed += verdict == "pass"
        self.failed += verdict in FAILING
        self.known += verdict == "known"

    def __str__(self) -> str:
        judged = self.passed + self.failed + self.known
        if self.failed:
            return f"FAIL {self.failed}/{judged}"
        if self.known:
            return f"known {self.known}/{judged}"
        return str(self.passed) if judged else "-"


@dataclass(slots=True)
class RuleRow:
    """One rule (or model) with the verdicts of each target.

    Attributes:
        name: The rule id without its file, or the model.
        limit: The limit as text; empty for a model.
        outcome: The documented outcome; empty for a model.
        cells: The verdicts by target.
    """

    name: str
    limit: str = ""
    outcome: str = ""
    cells: dict[str, TargetCell] = field(default_factory=dict)

    def add(self, verdict: Verdict) -> None:
        """Count one verdict."""
        self.cells.setdefault(verdict.target, TargetCell()).add(verdict.verdict)


@dataclass(slots=True)
class RunTally:
    """All counts of a log.

    Attributes:
        targets: The names of the targets.
        groups: The rows by rule, for each model and for the rules above the models.
        models: A row for each model.
        counts: The number of verdicts by their word.
        cases: The number of cases.
        rules: The number of rules.
        ms: The time by target, in milliseconds.
        failures: The failing verdicts.
        validators: The rules that validators are right and wrong about, and how many they don't implement.
        gates: The results of the quality gates.
    """

    targets: list[str]
    groups: dict[str, dict[str, RuleRow]]
    models: dict[str, RuleRow]
    counts: Counter[str]
    cases: int
    rules: int
    ms: dict[str, float]
    failures: list[Verdict]
    validators: list[str] = field(default_factory=list)
    gates: list[GateResult] = field(default_factory=list)

    @property
    def conforms(self) -> bool:
        """Whether something was judged, nothing failed, and all quality gates passed."""
        was_judged = bool(self.counts["pass"] or self.counts["known"])
        return was_judged and not self.failures and all(gate.passed for gate in self.gates)

    @property
    def result(self) -> str:
        """The result in words; a run is incomplete if nothing failed but less than requested was judged."""
        if self.conforms:
            return "conforms"
        unjudged = sum(verdict.is_unjudged for verdict in self.failures)
        if not self.failures or unjudged < len(self.failures):
            return "does not conform"
        return f"incomplete: {unjudged:,} not judged; --may-skip ID allows that"

    def __str__(self) -> str:
        counts = ", ".join(f"{self.counts[word]:,} {word}" for word in VERDICTS if self.counts[word])
        return f"{quantity(self.rules, 'rule')}, {quantity(self.cases, 'case')}: {counts or 'no verdict'}"


def tally(log: VerdictLog) -> RunTally:
    """Count a log, in the order of its rules."""
    verdicts = log.verdicts
    return RunTally(
        targets=list(dict.fromkeys([*log.run.get("targets", ()), *(verdict.target for verdict in verdicts)])),
        groups=_groups(log),
        models=_models(log),
        counts=Counter(verdict.verdict for verdict in verdicts),
        cases=len({verdict.case for verdict in verdicts}),
        rules=len({verdict.rule for verdict in verdicts if verdict.rule}),
        ms=_times(verdicts),
        failures=[verdict for verdict in verdicts if verdict.verdict in FAILING],
        validators=list(_validators(log)),
        gates=gate_results(log.run, verdicts),
    )


def _validators(log: VerdictLog) -> Iterator[str]:
    """Yield lines on each validator: the rules that it is right and wrong about, and the number it lacks."""
    not_implemented: Mapping[str, Sequence[str]] = log.run.get("not_implemented", {})
    for target, missing in not_implemented.items():
        judged = [item for item in log.verdicts if item.target == target and item.verdict != "skip"]
        wrong = dict.fromkeys(item.rule for item in judged if item.rule and item.verdict in FAILING)
        right = dict.fromkeys(item.rule for item in judged if item.rule and item.rule not in wrong)
        for word, rules in (("right", right), ("wrong", wrong)):
            if rules:
                names = [*filter(None, rules)]
                more = f" and {len(names) - SHOWN_RULES:,} more" if len(names) > SHOWN_RULES else ""
                listed = ", ".join(names[:SHOWN_RULES])
                yield f"{target}: {word} about {quantity(len(names), 'rule')}: {listed}{more}"
        if missing:
            yield f"{target}: not implemented: {quantity(len(missing), 'rule')}"


def _times(verdicts: tuple[Verdict, ...]) -> dict[str, float]:
    times: dict[str, float] = {}
    for verdict in verdicts:
        times[verdict.target] = times.get(verdict.target, 0.0) + verdict.ms
    return times


def _groups(log: VerdictLog) -> dict[str, dict[str, RuleRow]]:
    """Group by model if a rule belongs to one model line, else by the rule's file."""
    rules: Mapping[str, Mapping[str, str]] = log.run.get("rules", {})
    rows_by_group: dict[tuple[str, str], RuleRow] = {}
    for verdict in log.verdicts:
        if verdict.rule is None:
            continue
        details = rules.get(verdict.rule, {})
        for group in _group(verdict, verdict.rule, log.run.get("families", {})):
            row = rows_by_group.setdefault((group, verdict.rule), _row(verdict.rule, details))
            row.add(verdict)
    order = {rule: position for position, rule in enumerate(rules)}
    groups: dict[str, dict[str, RuleRow]] = {}
    for group, rule in sorted(rows_by_group, key=lambda key: (order.get(key[1], len(order)), key[1], key[0])):
        groups.setdefault(group, {})[rule] = rows_by_group[group, rule]
    return groups


def _row(rule: str, details: Mapping[str, str]) -> RuleRow:
    return RuleRow(rule.partition("/")[2] or rule, details.get("limit", ""), details.get("outcome", ""))


def _group(verdict: Verdict, rule: str, families: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Return the models that a verdict is about: the model of its body, or all models of its rule's file."""
    file = rule.partition("/")[0]
    if file != "wire" and verdict.model is not None:
        return [verdict.model]
    return families.get(file, [file])


def _models(log: VerdictLog) -> dict[str, RuleRow]:
    rows = {name: RuleRow(name) for name in (*log.run.get("models", ()), NO_MODEL)}
    for verdict in log.verdicts:
        name = verdict.model or NO_MODEL
        rows.setdefault(name, RuleRow(name)).add(verdict)
    return {name: row for name, row in rows.items() if row.cells}
