"""The report as text, for a terminal or a file.

`print_log` writes tables of rules and models, the first failures and the totals to a console of any width.
"""

from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from wan_conformance.model import Verdict
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.tally import RuleRow, RunTally, TargetCell, failures_by_rule, tally
from wan_conformance.report.text import describe_answer, explain_command, redacted_body, unjudged_lines
from wanlib.base.redaction import printable

FILE_WIDTH = 120
"""Columns of a report that is written to a file or a pipe."""
SHOWN = 20
"""Failures that are printed; the log has all of them."""
_MIN_LIMIT = 16
"""Columns that the limits of rules need at least in a table; with less, each rule takes two lines."""


def console(stderr: bool = False) -> Console:
    """Return a console as wide as the terminal; 120 columns without a terminal."""
    created = Console(stderr=stderr, highlight=False)
    if not created.is_terminal:
        created.width = FILE_WIDTH
    return created


def print_log(log: VerdictLog, out: Console, only_failures: bool = False) -> None:
    """Print the whole report: the rules of each model, the models, the failures and the totals.

    Rule ids are never wrapped and limits never cut, at any width of the console.

    Args:
        log: The verdicts.
        out: Where to print.
        only_failures: Whether the tables of rules and models are left out.
    """
    counted = tally(log)
    if not only_failures:
        for name, rows in counted.groups.items():
            out.print(_rules(name, rows, counted.targets, out.width), "", crop=False)
        out.print(_models(counted), "")
    _print_failures(counted.failures, out)
    for line in unjudged_lines(log.verdicts):
        out.print(Text(line), soft_wrap=True)
    out.print(_summary(counted))


def print_totals(log: VerdictLog, out: Console) -> None:
    """Print whether the run conforms, with the totals, on one line."""
    counted = tally(log)
    out.print(Text(f"{'conforms' if counted.conforms else 'does not conform'}: {counted}"), soft_wrap=True)


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
    """Return the columns of the widest line of any text."""
    return max((len(line) for text in texts for line in text.plain.split("\n")), default=0)


def _cell(cell: TargetCell) -> Text:
    style = "bold red" if cell.failed else "yellow" if cell.known else "green" if cell.passed else "dim"
    return Text(str(cell), style=style)


def _outcome(row: RuleRow) -> Text:
    return Text(printable(row.outcome), style="" if row.outcome == "rejected" else "dim")


def _text(raw: str) -> Text:
    """Return a text that rich does not read as markup."""
    return Text(printable(raw))


def _print_failures(failures: list[Verdict], out: Console) -> None:
    """Print the first failure of every rule before the second of any, so that no rule hides the others."""
    for number, verdict in enumerate(failures_by_rule(failures)):
        if number == SHOWN:
            out.print(Text(f"and {len(failures) - SHOWN:,} more failures; the log has all of them\n"))
            return
        out.print(_failure(verdict), soft_wrap=True)


def _failure(verdict: Verdict) -> Text:
    text = Text()
    text.append(verdict.verdict.upper(), style="bold red")
    text.append(f" {printable(verdict.target)}: {printable(verdict.case)}\n", style="bold")
    text.append(
        f"  expected  {describe_answer(verdict.expected)}\n  observed  {describe_answer(verdict.observed)}\n"
    )
    if verdict.place:
        text.append(f"  written   {printable(verdict.place)}\n")
    if verdict.reason and verdict.reason != verdict.observed.error:
        text.append(f"  reason    {printable(verdict.reason)}\n")
    if verdict.body is not None:
        text.append(f"  body      {redacted_body(verdict)}\n")
    if command := explain_command(verdict):
        text.append(f"  details   {command}\n")
    return text


def _summary(counted: RunTally) -> Text:
    times = ", ".join(f"{printable(target)} {ms / 1000:.1f} s" for target, ms in counted.ms.items())
    text = Text("".join(f"{printable(line)}\n" for line in counted.validators))
    text.append(f"{counted}\ntook {times}\n")
    return text.append(counted.result, style="bold green" if counted.conforms else "bold red")
