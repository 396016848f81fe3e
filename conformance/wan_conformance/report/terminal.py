"""The report for a terminal, or for a file that a terminal's output was sent to."""

from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wan_conformance.model import Verdict
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.tally import RuleRow, RunTally, TargetCell, failures_by_rule, tally
from wan_conformance.report.text import describe_answer, explain_command, redacted_body, wrap_rule_id
from wanlib.base.redaction import printable

MAX_WIDTH = 120
NARROW = 100
SHOWN = 20
_LEAST = 16  # columns for the rule, however many targets there are


def console(stderr: bool = False) -> Console:
    """A console as wide as the terminal, up to 120 columns; 120 where there is none."""
    terminal = Console(stderr=stderr, highlight=False)
    terminal.width = min(terminal.width, MAX_WIDTH) if terminal.is_terminal else MAX_WIDTH
    return terminal


def print_log(log: VerdictLog, out: Console) -> None:
    """The whole report: a table for each model, then the models, the failures and the sum."""
    counted = tally(log)
    for name, rows in counted.groups.items():
        out.print(_rules(name, rows, counted.targets, out.width), "")
    out.print(_models(counted), "")
    _print_failures(counted.failures, out)
    out.print(_summary(counted))


def _rules(group: str, rows: Mapping[str, RuleRow], targets: Sequence[str], width: int) -> Table:
    narrow = width < NARROW
    headings = [_head(target, narrow) for target in targets]
    cells = [[_cell(row.cells.get(target, TargetCell())) for target in targets] for row in rows.values()]
    limits = [_text(row.limit, 10 if narrow else 18) for row in rows.values()]
    outcomes = [_text(row.outcome) for row in rows.values()]
    columns = [
        limits,
        outcomes,
        *([Text(heading), *column] for heading, *column in zip(headings, *cells, strict=True)),
    ]
    gap = 1 if narrow else 2
    taken = sum(gap + max(_width(cell) for cell in column) for column in columns)
    table = _table(
        f"{group}: {len(rows)} rule{'s' if len(rows) > 1 else ''}",
        ["rule", "limit", "outcome"],
        headings,
        gap,
    )
    for row, limit, outcome, judged in zip(rows.values(), limits, outcomes, cells, strict=True):
        outcome.stylize("" if row.outcome == "rejected" else "dim")
        table.add_row(Text(wrap_rule_id(row.name, max(width - taken, _LEAST))), limit, outcome, *judged)
    return table


def _models(counted: RunTally) -> Table:
    table = _table("cases that pass, by model", ["model"], [_head(target) for target in counted.targets])
    for row in counted.models.values():
        cells = [_cell(row.cells.get(target, TargetCell())) for target in counted.targets]
        table.add_row(_text(row.name), *cells)
    return table


def _table(title: str, names: Iterable[str], headings: Iterable[str], gap: int = 2) -> Table:
    style, padding = box.SIMPLE_HEAD, (0, gap - 1, 0, 0)  # this box puts one blank between columns
    title_text = Text(printable(title), style="bold")
    table = Table(title=title_text, title_justify="left", box=style, padding=padding)
    table.show_edge = table.pad_edge = False
    for name in names:
        table.add_column(name, overflow="fold")
    for heading in headings:
        table.add_column(Text(heading), justify="right", no_wrap=True)
    return table


def _head(target: str, narrow: bool = False) -> str:
    """A target's name in a column no wider than its numbers need."""
    name = printable(target)
    if "_" in name:
        return name.replace("_", "\n")
    middle = (len(name) + 1) // 2
    return f"{name[:middle]}-\n{name[middle:]}" if narrow and len(name) > 8 else name


def _width(text: Text) -> int:
    return max(map(len, text.plain.split("\n")))


def _cell(cell: TargetCell) -> Text:
    style = "bold red" if cell.failed else "yellow" if cell.known else "green" if cell.passed else "dim"
    return Text(str(cell), style=style)


def _text(value: str, max_length: int | None = None) -> Text:
    """Text that rich takes for no markup, cut where there is a limit."""
    text = printable(value)
    return Text(text if max_length is None or len(text) <= max_length else text[: max_length - 1] + "…")


def _print_failures(failures: list[Verdict], out: Console) -> None:
    """Each rule's first failures before the second ones: one bad rule must not push the others off."""
    for number, verdict in enumerate(failures_by_rule(failures)):
        if number == SHOWN:
            out.print(Text(f"and {len(failures) - SHOWN:,} more failures: the log has them all\n"))
            return
        out.print(_failure(verdict), soft_wrap=True)


def _failure(verdict: Verdict) -> Text:
    text = Text()
    text.append(verdict.verdict.upper(), style="bold red")
    text.append(f" {printable(verdict.target)}: {printable(verdict.case)}\n", style="bold")
    text.append(
        f"  expected  {describe_answer(verdict.expected)}\n  observed  {describe_answer(verdict.observed)}\n"
    )
    if verdict.reason and verdict.reason != verdict.observed.error:
        text.append(f"  because   {printable(verdict.reason)}\n")
    if verdict.body is not None:
        text.append(f"  body      {redacted_body(verdict)}\n")
    if command := explain_command(verdict):
        text.append(f"  closer    {command}\n")
    return text


def _summary(counted: RunTally) -> Text:
    times = ", ".join(f"{printable(target)} {ms / 1000:.1f} s" for target, ms in counted.ms.items())
    text = Text(f"{counted}\ntook {times}\n")
    if counted.conforms:
        return text.append("conforms", style="bold green")
    return text.append("does not conform", style="bold red")
