"""The report as text, for a terminal or a file.

`print_log` writes tables of rules and models, the first failures and the totals to a console of any width.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from wan_conformance.report.causes.grouping import failure_text, group_by_cause
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.tally import RuleRow, RunTally, TargetCell, tally
from wan_conformance.report.text import unjudged_lines
from wanlib.base.redaction import printable

FILE_WIDTH = 120
"""Width of a report that is written to a file or a pipe, in columns."""
SHOWN = 20
"""Maximum number of printed causes; the log has all failures."""
_MIN_LIMIT = 16
"""Minimum width for the limits of rules in a table; with less, each rule takes two lines."""


def console(stderr: bool = False) -> Console:
    """Return a console as wide as the terminal; 120 columns without a terminal."""
    created = Console(stderr=stderr, highlight=False)
    if not created.is_terminal:
        created.width = FILE_WIDTH
    return created


def print_log(
    log: VerdictLog, out: Console, only_failures: bool = False, vectors: Path | None = None
) -> None:
    """Print the complete report: the rules of each model, the models, the causes of failures and the totals.

    Rule ids are never wrapped and limits never cut, at any width of the console.

    Args:
        log: The verdicts.
        out: The console to print on.
        only_failures: Whether the tables of rules and models are left out.
        vectors: The folder with the patches that add cases as vectors; None if there is none.
    """
    counted = tally(log)
    if not only_failures:
        for name, rows in counted.groups.items():
            out.print(_rules(name, rows, counted.targets, out.width), "", crop=False)
        out.print(_models(counted), "")
    _print_causes(log, out, vectors)
    for line in unjudged_lines(log.verdicts):
        out.print(Text(line), soft_wrap=True)
    out.print(_summary(counted))


def print_totals(log: VerdictLog, out: Console) -> None:
    """Print on one line whether the run conforms, with the totals and the gates that failed."""
    counted = tally(log)
    word = counted.result.partition(":")[0]
    failed = [printable(str(gate)) for gate in counted.gates if not gate.passed]
    out.print(Text("; ".join([f"{word}: {counted}", *failed])), soft_wrap=True)


def _rules(group: str, rows: Mapping[str, RuleRow], targets: Sequence[str], width: int) -> RenderableType:
    """Return the rules of a group as a table, or as a list if the table would not fit."""
    title = f"{group}: {len(rows)} rule{'s' if len(rows) > 1 else ''}"
    heads = [_head(target) for target in targets]
    cells = [[_cell(row.cells.get(target, TargetCell())) for target in targets] for row in rows.values()]
    widths = [_width(Text(head), *column) for head, *column in zip(heads, *cells, strict=True)]
    limit_width = _width(*(_text(row.limit) for row in rows.values()))
    fixed = _width(*map(_text, rows)) + _width(*map(_outcome, rows.values())) + sum(widths)
    if fixed + 2 * (len(targets) + 2) + min(limit_width, _MIN_LIMIT) > width:
        return _rule_list(title, rows, heads, cells, widths)
    table = _table(title, ["rule", "limit", "outcome"], heads)
    for (rule, row), verdicts in zip(rows.items(), cells, strict=True):
        table.add_row(_text(rule), _text(row.limit), _outcome(row), *verdicts)
    return table


def _rule_list(
    title: str,
    rows: Mapping[str, RuleRow],
    heads: Sequence[str],
    cells: Sequence[Sequence[Text]],
    widths: Sequence[int],
) -> RenderableType:
    """Return two or three lines for each rule: id, outcome with the numbers of the targets, limit."""
    outcome_width = _width(Text("outcome"), *map(_outcome, rows.values()))
    lines = [Text(printable(title), style="bold")]
    for depth in range(max(head.count("\n") for head in heads) + 1):
        parts = [[*head.split("\n"), ""][depth] if depth <= head.count("\n") else "" for head in heads]
        first = Text("outcome" if depth == 0 else "")
        lines.append(_aligned(first, outcome_width, map(Text, parts), widths))
    for (rule, row), verdicts in zip(rows.items(), cells, strict=True):
        lines.append(Text(printable(rule), no_wrap=True, overflow="ignore"))
        lines.append(_aligned(_outcome(row), outcome_width, verdicts, widths))
        if row.limit:
            lines.append(Text(f"  limit: {printable(row.limit)}", overflow="fold"))
    return Group(*lines)


def _aligned(first: Text, first_width: int, cells: Iterable[Text], widths: Sequence[int]) -> Text:
    """Return an indented line with a first cell aligned to the left and the others to the right."""
    line = Text("  ", no_wrap=True, overflow="ignore").append_text(first)
    line.append(" " * (first_width - len(first)))
    for cell, width in zip(cells, widths, strict=True):
        line.append(" " * (1 + width - len(cell))).append_text(cell)
    return line


def _models(counted: RunTally) -> Table:
    table = _table("cases that pass, by model", ["model"], [_head(target) for target in counted.targets])
    for row in counted.models.values():
        cells = [_cell(row.cells.get(target, TargetCell())) for target in counted.targets]
        table.add_row(_text(row.name), *cells)
    return table


def _table(title: str, names: Iterable[str], heads: Iterable[str]) -> Table:
    table = Table(
        title=Text(printable(title), style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
        pad_edge=False,
    )
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=name != "limit")
    for head in heads:
        table.add_column(Text(head), justify="right", no_wrap=True)
    return table


def _head(target: str) -> str:
    """Return a target's name for a column that is only as wide as its numbers."""
    return printable(target).replace("_", "\n")


def _width(*texts: Text) -> int:
    """Return the width of the widest line of any text, in columns."""
    return max((len(line) for text in texts for line in text.plain.split("\n")), default=0)


def _cell(cell: TargetCell) -> Text:
    style = "bold red" if cell.failed else "yellow" if cell.known else "green" if cell.passed else "dim"
    return Text(str(cell), style=style)


def _outcome(row: RuleRow) -> Text:
    return Text(printable(row.outcome), style="" if row.outcome == "rejected" else "dim")


def _text(raw: str) -> Text:
    """Return a text that rich does not read as markup."""
    return Text(printable(raw))


def _print_causes(log: VerdictLog, out: Console, vectors: Path | None) -> None:
    """Print the causes with the most cases, each with its smallest body."""
    causes = group_by_cause(log)
    for cause in causes[:SHOWN]:
        head, *others = failure_text(cause, cause.patch_in(vectors)).split("\n")
        word, _, title = head.partition(" ")
        text = Text(word, style="bold red").append(f" {title}\n", style="bold not red")
        out.print(text.append("\n".join([*others, ""]), style="not bold not red"), soft_wrap=True)
    if len(causes) > SHOWN:
        out.print(Text(f"and {len(causes) - SHOWN:,} more causes of failures; the log has all of them\n"))


def _summary(counted: RunTally) -> Text:
    times = ", ".join(f"{printable(target)} {ms / 1000:.1f} s" for target, ms in counted.ms.items())
    text = Text("".join(f"{printable(line)}\n" for line in counted.validators))
    for gate in counted.gates:
        text.append(f"{printable(str(gate))}\n", style="" if gate.passed else "bold red")
    text.append(f"{counted}\ntook {times}\n")
    return text.append(counted.result, style="bold green" if counted.conforms else "bold red")
