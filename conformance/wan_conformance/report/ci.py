"""Reports for CI services: SARIF, annotations and the step summary of GitHub Actions, and a badge.

All are made from the causes of the failures: a broken server has thousands of failing cases, but few causes.
"""

import json
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

from wan_conformance.report.causes.grouping import FailureCause, failure_text, group_by_cause
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.markdown import markdown_summary
from wan_conformance.report.tally import tally
from wanlib.base.text import quantity
from wanlib.diff.report.annotations import annotation
from wanlib.diff.report.sarif import physical_location, sarif_log

_MAX_RESULTS = 1000
_MAX_ANNOTATIONS = 10
"""Maximum number of annotations that GitHub shows for one step."""
_NO_RULE = "error"
"""The rule id of a cause that is not about a single rule."""


def write_sarif(log: VerdictLog, path: Path) -> None:
    """Write the causes as SARIF 2.1.0, for code scanning and editors, at the lines of the spec."""
    versions = log.run.get("versions")
    version = versions.get("wanlib") if isinstance(versions, dict) else None
    results = [_result(cause) for cause in group_by_cause(log)[:_MAX_RESULTS]]
    document = sarif_log("wan-conformance", str(version or "unknown"), results)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8", newline="\n")


def _result(cause: FailureCause) -> dict[str, Any]:
    place = _place(cause)
    return {
        "ruleId": cause.rule or _NO_RULE,
        "level": "error",
        "message": {"text": failure_text(cause)},
        "locations": [] if place is None else [physical_location(PurePath(place[0]), place[1])],
        "partialFingerprints": {"cause/v1": cause.id},
        "properties": {"targets": list(cause.targets), "cases": cause.cases},
    }


def _place(cause: FailureCause) -> tuple[str, int] | None:
    """Return file and line of a cause; None if they are not known."""
    file, _, line = (cause.place or "").rpartition(":")
    return (file, int(line)) if file and line.isascii() and line.isdecimal() and int(line) > 0 else None


def annotation_lines(log: VerdictLog) -> Iterator[str]:
    """Yield workflow commands of GitHub Actions, which mark the lines of the spec."""
    causes = group_by_cause(log)
    shown = causes if len(causes) <= _MAX_ANNOTATIONS else causes[: _MAX_ANNOTATIONS - 1]
    for cause in shown:
        yield annotation("error", cause.title, failure_text(cause), _place(cause))
    for gate in tally(log).gates:
        if not gate.passed:
            yield annotation("error", "wan-conformance", str(gate))
    if len(causes) > len(shown):
        rest = f"{len(causes) - len(shown):,} more causes of failures; the reports have all of them"
        yield annotation("error", "wan-conformance", rest)


def append_step_summary(log: VerdictLog, path: Path) -> None:
    """Append the summary to the file that GitHub Actions names in `GITHUB_STEP_SUMMARY`."""
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(markdown_summary(log) + "\n")


def write_badge(log: VerdictLog, path: Path) -> None:
    """Write the result in the form of an endpoint of shields.io."""
    counted, causes = tally(log), len(group_by_cause(log))
    if counted.conforms:
        message = quantity(counted.rules, "rule")
    elif causes:
        message = f"{quantity(causes, 'cause')} of failures"
    else:
        message = "quality gate failed" if counted.gates else "nothing judged"
    badge = {
        "schemaVersion": 1,
        "label": "wan conformance",
        "message": message,
        "color": "brightgreen" if counted.conforms else "red",
    }
    path.write_text(json.dumps(badge) + "\n", encoding="utf-8", newline="\n")
