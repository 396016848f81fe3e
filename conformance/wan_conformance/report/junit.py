"""Write the log as JUnit XML, for tools that show test results."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from wan_conformance.model import FAILING, Verdict
from wan_conformance.report.causes.requests import replay_command
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.text import case_words, describe_answer, describe_response, redacted_body
from wanlib.base.redaction import printable

_TAGS = {"fail": "failure", "error": "error", "skip": "skipped", "known": "skipped"}


def write_junit(log: VerdictLog, path: Path) -> None:
    """Write one testsuite per target and one testcase per case.

    Jenkins refuses a file with attributes that are not in its schema, so places are part of the texts.
    """
    suites = ET.Element("testsuites", name="wan-conformance")
    targets = dict.fromkeys(verdict.target for verdict in log.verdicts)
    for target in targets:
        suites.append(_suite(target, [verdict for verdict in log.verdicts if verdict.target == target], log))
    _count(suites, log.verdicts)
    ET.indent(suites)
    path.write_bytes(ET.tostring(suites, encoding="utf-8", xml_declaration=True) + b"\n")


def _suite(target: str, verdicts: list[Verdict], log: VerdictLog) -> ET.Element:
    suite = ET.Element("testsuite", name=printable(target))
    if "started" in log.run:
        suite.set("timestamp", printable(str(log.run["started"])))
    suite.set("skipped", str(sum(_TAGS.get(verdict.verdict) == "skipped" for verdict in verdicts)))
    _count(suite, verdicts)
    for verdict in verdicts:
        suite.append(_case(verdict, log))
    return suite


def _count(element: ET.Element, verdicts: Iterable[Verdict]) -> None:
    tags = [_TAGS.get(verdict.verdict) for verdict in verdicts]
    element.set("tests", str(len(tags)))
    for name, tag in (("failures", "failure"), ("errors", "error")):
        element.set(name, str(tags.count(tag)))
    element.set("time", f"{sum(verdict.ms for verdict in verdicts) / 1000:.3f}")


def _case(verdict: Verdict, log: VerdictLog) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=printable(f"{verdict.target}.{verdict.rule or 'body'}"),
        name=printable(verdict.case),
        time=f"{verdict.ms / 1000:.6f}",
    )
    tag = _TAGS.get(verdict.verdict)
    if tag:
        result = ET.SubElement(case, tag, message=printable(_message(verdict)))
        if verdict.verdict in FAILING:
            result.set("type", printable(verdict.rule or verdict.verdict))
            result.text = "\n".join(map(printable, _details(verdict, log)))
    return case


def _details(verdict: Verdict, log: VerdictLog) -> Iterator[str]:
    places: Mapping[str, str] = log.run.get("places", {})
    parts = {
        "rule": " ".join(filter(None, (verdict.rule, places.get(verdict.rule or "")))),
        "case": "" if verdict.is_smallest else case_words(verdict),
        "written": verdict.place or "",
        "body": "" if verdict.body is None else redacted_body(verdict),
        "answered": describe_response(verdict.observed),
        "repeat": replay_command(verdict, log.run),
    }
    yield from (f"{label}: {value}" for label, value in parts.items() if value)


def _message(verdict: Verdict) -> str:
    if verdict.verdict in ("skip", "known"):
        return f"{verdict.verdict}: {verdict.reason or 'no reason given'}"
    words = f"expected {describe_answer(verdict.expected)}; observed {describe_answer(verdict.observed)}"
    return f"{words}; {verdict.reason}" if verdict.reason else words
