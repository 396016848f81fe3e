"""`judge`: a record of traffic in, a verdict on each rule of conduct out.

A rule that a record cannot show is not judged, and never counts as passed.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from wanlib.conduct.record import TrafficRecord
from wanlib.conduct.rules import RULES, ConductRule, ConductStatement
from wanlib.conduct.terms import read_terms
from wanlib.conduct.traffic import ClientRun, Traffic
from wanlib.spec import Spec

Verdict = Literal["kept", "broken", "not judged"]


class ConductFinding(NamedTuple):
    """A breach of a rule.

    Attributes:
        rule: The id of the rule.
        text: The behaviour of the client.
        story: The history, a line for each event with its time.
        task: The task that it is about, "" for none.
    """

    rule: str
    text: str
    story: tuple[str, ...]
    task: str = ""

    def __str__(self) -> str:
        """Return the rule and the behaviour of the client, in one line."""
        return f"{self.rule}: {self.text}"


class ConductVerdict(NamedTuple):
    """The evidence of a record about one rule.

    Attributes:
        rule: The id of the rule.
        verdict: `kept`, `broken`, or `not judged`.
        why: Why it was not judged, "" otherwise.
        occasions: How often the rule applied.
        findings: The breaches.
        source: The source of the rule: `spec/task.yaml:12`, or a section of an RFC.
    """

    rule: str
    verdict: Verdict
    why: str
    occasions: int
    findings: tuple[ConductFinding, ...]
    source: str = ""


class ConductReport(NamedTuple):
    """The verdicts on all rules."""

    verdicts: tuple[ConductVerdict, ...]

    @property
    def findings(self) -> tuple[ConductFinding, ...]:
        """All breaches."""
        return tuple(finding for verdict in self.verdicts for finding in verdict.findings)

    @property
    def is_clean(self) -> bool:
        """Whether no rule was broken."""
        return not self.findings

    def to_json(self) -> list[dict[str, Any]]:
        """Return the verdicts as JSON values."""
        return [
            verdict._asdict() | {"findings": [finding._asdict() for finding in verdict.findings]}
            for verdict in self.verdicts
        ]

    def lines(self) -> Iterator[str]:
        """Yield the verdicts as text: breaches with histories, then the rules satisfied or not judged."""
        for verdict in self.verdicts:
            for finding in verdict.findings:
                yield f"BROKEN {finding}"
                yield f"  {RULES[finding.rule].statement} ({verdict.source})"
                yield from (f"  {line}" for line in finding.story)
        for word in ("kept", "not judged"):
            names = [
                verdict.rule + (f" ({verdict.why})" if verdict.why else "")
                for verdict in self.verdicts
                if verdict.verdict == word
            ]
            if names:
                yield f"{word}: {', '.join(names)}"


def judge(
    record: TrafficRecord, spec: Spec, *, run: ClientRun | None = None, rules: Sequence[str] = tuple(RULES)
) -> ConductReport:
    """Judge the conduct of clients.

    Args:
        record: The record of the service.
        spec: The facts by which conduct is judged.
        run: Data about the client besides its requests; None if there is none.
        rules: The ids of the rules to judge.

    Raises:
        KeyError: A rule does not exist.
    """
    traffic = Traffic(record, read_terms(spec), run)
    verdicts = (_judge_rule(RULES[rule], traffic) for rule in rules)
    return ConductReport(
        tuple(verdict._replace(source=source_place(RULES[verdict.rule], spec)) for verdict in verdicts)
    )


def source_place(rule: ConductStatement, spec: Spec) -> str:
    """Return the source of a rule: file and line of the spec, or a section of an RFC."""
    entry = spec.rules.get(rule.source) or spec.facts.get(rule.source)
    return f"spec/{entry.file}:{entry.line}" if entry else rule.source


def _judge_rule(rule: ConductRule, traffic: Traffic) -> ConductVerdict:
    if why := _missing_evidence(rule, traffic):
        return ConductVerdict(rule.id, "not judged", why, 0, ())
    checked = rule.check(traffic)
    findings = tuple(ConductFinding(rule.id, *breach) for breach in checked.breaches)
    if findings:
        return ConductVerdict(rule.id, "broken", "", checked.occasions, findings)
    if not checked.occasions:
        return ConductVerdict(rule.id, "not judged", "no occasion", 0, ())
    return ConductVerdict(rule.id, "kept", "", checked.occasions, ())


def _missing_evidence(rule: ConductRule, traffic: Traffic) -> str:
    """Return the evidence that a record lacks for a rule; "" if it lacks none."""
    if rule.needs_run and traffic.run is None:
        return "needs a run with a known order"
    if rule.needs_books and not traffic.record.has_books:
        return "needs the books of the service"
    if rule.needs_keys and not traffic.record.has_keys:
        return "needs the headers of the requests"
    return ""
