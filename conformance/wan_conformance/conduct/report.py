"""Results of a client as text and as JSON: what happened in each scenario, then the verdict on each rule."""

from collections.abc import Iterator, Sequence
from typing import Any

from wan_conformance.conduct.run import ClientResult, RuleSummary, summarize
from wanlib.conduct.rules import RULES

_MAX_FINDINGS = 3
"""Maximum number of findings of one rule that are printed with their history."""


def result_lines(results: Sequence[ClientResult]) -> Iterator[str]:
    """Yield the lines of the text report."""
    width = max(len(result.scenario.name) for result in results)
    for result in results:
        yield f"{result.scenario.name:<{width}}  {_end(result)}"
    for summary in (summaries := summarize(results)):
        if summary.findings:
            yield ""
            yield from _finding_lines(summary)
    yield ""
    for word in ("kept", "not judged"):
        names = [summary.rule for summary in summaries if summary.verdict == word]
        if names:
            yield f"{word}: {', '.join(names)}"
    broken = [summary.rule for summary in summaries if summary.findings]
    yield f"broken: {', '.join(broken)}" if broken else "no rule is broken"


def results_to_json(results: Sequence[ClientResult]) -> dict[str, Any]:
    """Return the report as JSON values."""
    return {
        "scenarios": [
            {
                "name": result.scenario.name,
                "about": result.scenario.about,
                "offered": result.run is not None,
                "run": result.run._asdict() if result.run else None,
                "verdicts": result.report.to_json() if result.report else [],
                "output": list(result.output),
            }
            for result in results
        ],
        "rules": [
            {
                "rule": summary.rule,
                "statement": RULES[summary.rule].statement,
                "source": summary.source,
                "verdict": summary.verdict,
                "findings": [
                    {"scenario": name, "text": finding.text, "story": list(finding.story)}
                    for name, finding in summary.findings
                ],
            }
            for summary in summarize(results)
        ],
    }


def _end(result: ClientResult) -> str:
    """Return how a client ended, and what it broke."""
    if result.run is None or result.report is None:
        return "not offered"
    run = result.run
    word = "stopped" if run.was_stopped else "pictures" if run.reported_success else "a failure"
    reported = f"reported {word}" if not run.was_stopped else "was stopped"
    broken = sorted({finding.rule for finding in result.report.findings})
    verdict = f"BROKEN {', '.join(broken)}" if broken else "ok"
    return f"{run.took:5.1f} s, {reported}, {run.saved} saved: {verdict}"


def _finding_lines(summary: RuleSummary) -> Iterator[str]:
    rule = RULES[summary.rule]
    yield f"{rule.id}: {rule.statement}"
    yield f"  why: {rule.why} ({summary.source})"
    for name, finding in summary.findings[:_MAX_FINDINGS]:
        yield f"  in {name}: {finding.text}"
        yield from (f"    {line}" for line in finding.story)
    if left := summary.findings[_MAX_FINDINGS:]:
        yield f"  and in {', '.join(dict.fromkeys(name for name, _ in left))}"
