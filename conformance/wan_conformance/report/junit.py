"""Write the log as JUnit XML, for tools that show test results."""

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from wan_conformance.model import FAILING, Verdict
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.text import describe_answer, explain_command, redacted_body
from wanlib.base.redaction import printable

_TAGS = {"fail": "failure", "error": "error", "skip": "skipped", "known": "skipped"}


def write_junit(log: VerdictLog, path: Path) -> None:
    """Write one testsuite per target and one testcase per case."""
    suites = ET.Element("testsuites", name="wan-conformance")
    targets = dict.fromkeys(verdict.target for verdict in log.verdicts)
    for target in targets:
        suites.append(_suite(target, [verdict for verdict in log.verdicts if verdict.target == target]))
    _count(suites, log.verdicts)
    ET.indent(suites)
    path.write_bytes(ET.tostring(suites, encoding="utf-8", xml_declaration=True) + b"\n")


def xml_text(text: str) -> str:
    r"""Return the lines of a text with control characters, some of which XML 1.0 forbids, as `\xNN`."""
    return "\n".join(map(printable, text.split("\n")))


def _suite(target: str, verdicts: list[Verdict]) -> ET.Element:
    suite = ET.Element("testsuite", name=xml_text(target))
    _count(suite, verdicts)
    for verdict in verdicts:
        suite.append(_case(verdict))
    return suite


def _count(element: ET.Element, verdicts: Iterable[Verdict]) -> None:
    tags = [_TAGS.get(verdict.verdict) for verdict in verdicts]
    element.set("tests", str(len(tags)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(tags.count(tag)))
    element.set("time", f"{sum(verdict.ms for verdict in verdicts) / 1000:.3f}")


def _case(verdict: Verdict) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=xml_text(f"{verdict.target}.{verdict.rule or 'body'}"),
        name=xml_text(verdict.case),
        time=f"{verdict.ms / 1000:.6f}",
    )
    if verdict.place:
        file, _, line = verdict.place.rpartition(":")
        case.set("file", xml_text(file))
        case.set("line", xml_text(line))
    tag = _TAGS.get(verdict.verdict)
    if tag:
        result = ET.SubElement(case, tag, message=xml_text(_message(verdict)))
        if verdict.verdict in FAILING:
            result.text = xml_text(
                "\n".join(filter(None, (redacted_body(verdict), explain_command(verdict))))
            )
    return case


def _message(verdict: Verdict) -> str:
    if verdict.verdict in ("skip", "known"):
        return f"{verdict.verdict}: {verdict.reason or 'no reason given'}"
    words = f"expected {describe_answer(verdict.expected)}; observed {describe_answer(verdict.observed)}"
    return f"{words}; {verdict.reason}" if verdict.reason else words
