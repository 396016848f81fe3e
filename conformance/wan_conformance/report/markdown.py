"""Write the log as Markdown, for a pull request or a page."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from wan_conformance.report.causes.grouping import failure_text, group_by_cause
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.tally import RuleRow, RunTally, TargetCell, tally
from wan_conformance.report.text import unjudged_lines
from wanlib.base.redaction import printable

SHOWN = 50
"""Maximum number of listed causes; the log has all failures."""


def write_markdown(log: VerdictLog, path: Path, vectors: Path | None = None) -> None:
    """Write the same report as for the terminal, with more causes.

    Args:
        log: The log.
        path: The file to write.
        vectors: The folder with the patches that add cases as vectors; None if there is none.
    """
    path.write_text("\n".join(_lines(log, vectors)) + "\n", encoding="utf-8", newline="\n")


def markdown_summary(log: VerdictLog) -> str:
    """Return the result of the run, its totals and the causes of failures, without the tables of rules."""
    counted = tally(log)
    lines = [_title(counted), "", *_facts(log, counted), *_causes(log, None)]
    lines += _table("By model", ["model"], counted.models.values(), counted.targets)
    return "\n".join(lines) + "\n"


def _lines(log: VerdictLog, vectors: Path | None) -> Iterator[str]:
    counted = tally(log)
    yield _title(counted)
    yield ""
    yield from _facts(log, counted)
    yield from _causes(log, vectors)
    yield from _table("By model", ["model"], counted.models.values(), counted.targets)
    for name, rows in counted.groups.items():
        yield from _table(name, ["rule", "limit", "outcome"], rows.values(), counted.targets)


def _title(counted: RunTally) -> str:
    return f"# Conformance: {counted.result}"


def _facts(log: VerdictLog, counted: RunTally) -> Iterator[str]:
    yield f"{counted}."
    yield ""
    for line in (*counted.validators, *map(str, counted.gates)):
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


def _causes(log: VerdictLog, vectors: Path | None) -> Iterator[str]:
    causes = group_by_cause(log)
    if not causes:
        return
    yield f"## Failures by cause ({len(causes):,})"
    yield ""
    for cause in causes[:SHOWN]:
        head, *others = failure_text(cause, cause.patch_in(vectors)).split("\n")
        word, _, title = head.partition(" ")
        yield f"- **{_plain(word.lower())}** {_plain(title)}"
        for line in others:
            label, value = line[2:11].strip(), line[12:]
            yield f"  - {label} {_code(value)}"
    if len(causes) > SHOWN:
        yield f"- and {len(causes) - SHOWN:,} more causes: the log has all of them"
    yield ""


def _cell(cell: TargetCell) -> str:
    return f"**{cell}**" if cell.failed else str(cell)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Return text without markup: it comes from a log, which is untrusted."""
    return "".join(
        f"\\{character}" if character in r"\`*_{}[]()<>#|!~" else character for character in printable(text)
    )


def _code(text: str) -> str:
    """Return text between backticks, without the backticks and bars that would end it."""
    return f"`{printable(text).replace('`', chr(39)).replace('|', chr(92) + '|')}`" if text else ""
