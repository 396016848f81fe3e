"""Write the log as Markdown, for a pull request or a page."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from wan_conformance.model import Verdict
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.tally import RuleRow, RunTally, TargetCell, failures_by_rule, tally
from wan_conformance.report.text import describe_answer, explain_command, redacted_body, unjudged_lines
from wanlib.base.redaction import printable

SHOWN = 200


def write_markdown(log: VerdictLog, path: Path) -> None:
    """Write the same report as for the terminal, with more of the failures."""
    path.write_text("\n".join(_lines(log)) + "\n", encoding="utf-8", newline="\n")


def _lines(log: VerdictLog) -> Iterator[str]:
    counted = tally(log)
    yield f"# Conformance: {counted.result}"
    yield ""
    yield from _facts(log, counted)
    yield from _table("By model", ["model"], counted.models.values(), counted.targets)
    yield from _failures(counted.failures)
    for name, rows in counted.groups.items():
        yield from _table(name, ["rule", "limit", "outcome"], rows.values(), counted.targets)


def _facts(log: VerdictLog, counted: RunTally) -> Iterator[str]:
    yield f"{counted}."
    yield ""
    for line in counted.validators:
        yield f"- {_plain(line)}"
    for name in ("spec", "started", "seed"):
        if name in log.run:
            yield f"- {name}: {_code(str(log.run[name]))}"
    versions = log.run.get("versions")
    if isinstance(versions, Mapping):
        words = [_plain(f"{name} {versions[name]}") for name in versions]
        yield f"- versions: {', '.join(words)}"
    for line in unjudged_lines(log.verdicts):
        yield f"- {_plain(line)}"
    yield ""


def _table(title: str, heads: list[str], rows: Iterable[RuleRow], targets: list[str]) -> Iterator[str]:
    yield f"## {_plain(title)}"
    yield ""
    yield _row([*heads, *map(_plain, targets)])
    yield _row(["---"] * len(heads) + ["---:"] * len(targets))
    for row in rows:
        labels = [_code(row.name), _plain(row.limit), _plain(row.outcome)][: len(heads)]
        yield _row([*labels, *(_cell(row.cells.get(target, TargetCell())) for target in targets)])
    yield ""


def _failures(failures: list[Verdict]) -> Iterator[str]:
    if not failures:
        return
    yield f"## Failures ({len(failures):,})"
    yield ""
    for verdict in list(failures_by_rule(failures))[:SHOWN]:
        yield f"- **{verdict.verdict}** {_code(verdict.target)} {_code(verdict.case)}"
        yield f"  - expected {_code(describe_answer(verdict.expected))}"
        yield f"  - observed {_code(describe_answer(verdict.observed))}"
        if verdict.place:
            yield f"  - written in {_code(verdict.place)}"
        if verdict.reason and verdict.reason != verdict.observed.error:
            yield f"  - because {_code(verdict.reason)}"
        if verdict.body is not None:
            yield f"  - body {_code(redacted_body(verdict))}"
        if command := explain_command(verdict):
            yield f"  - closer: {_code(command)}"
    if len(failures) > SHOWN:
        yield f"- and {len(failures) - SHOWN:,} more: the log has them all"
    yield ""


def _cell(cell: TargetCell) -> str:
    return f"**{cell}**" if cell.failed else str(cell)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Return text without markup: it comes from a log, which may come from anywhere."""
    return "".join(
        f"\\{character}" if character in r"\`*_{}[]()<>#|!~" else character for character in printable(text)
    )


def _code(text: str) -> str:
    """Return text between backticks, without the backticks and bars that would end it."""
    return f"`{printable(text).replace('`', chr(39)).replace('|', chr(92) + '|')}`" if text else ""
