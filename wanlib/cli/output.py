"""Output for terminals and pipes: tables, the progress of tasks, violations, and warnings of the client."""

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from wanlib.base.redaction import printable
from wanlib.base.violation import Violation
from wanlib.cli.errors import print_error

if TYPE_CHECKING:
    from wanlib.base.clock import Clock

_MIN_COLUMN = 12
"""Characters that a column needs at least for its text to be readable when it is wrapped."""


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]], ids: Collection[str]) -> None:
    """Print a table on a terminal; in a pipe, rows with tabs between the columns.

    Ids are never wrapped, so that they can be copied. If the terminal is too narrow for a table, each row
    becomes a line with its first cell, followed by indented lines with the others.

    Args:
        heads: The names of the columns.
        rows: The cells, which must be printable.
        ids: The names of the columns that contain ids.
    """
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [*rows]
    console = Console(highlight=False)
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    needed = sum(
        width if head in ids else min(width, _MIN_COLUMN) for head, width in zip(heads, widths, strict=True)
    )
    if needed + 2 * len(heads) > console.width:
        for first, *others in cells:
            print(first)
            for head, cell in zip(heads[1:], others, strict=True):
                print(f"  {head:<9} {cell}".rstrip())
        return
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold", no_wrap=head in ids)
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table)


class Progress:
    """Shows the status of tasks on stderr while a command waits; callable as the client's `on_status`."""

    def __init__(self, clock: "Clock", quiet: bool) -> None:
        """Start measuring time.

        Args:
            clock: The source of time.
            quiet: Whether to show nothing.
        """
        self._clock = clock
        self._started_at = clock.now()
        self._quiet = quiet
        self._bars: Any = _progress_bars(clock) if not quiet and sys.stderr.isatty() else None
        self._bar_by_key: dict[str, Any] = {}

    @property
    def is_drawn(self) -> bool:
        """Whether each text replaces the one before it; otherwise each is a line."""
        return self._bars is not None

    def __call__(self, task_id: str, status: str) -> None:
        """Show the new status of a task."""
        self.show(task_id, f"task {task_id} is {status} after {self._clock.now() - self._started_at:.0f} s")

    def show(self, key: str, text: str) -> None:
        """Show a text; on a terminal it replaces the previous one of the same key."""
        text = printable(text)
        if self._bars is not None and key not in self._bar_by_key:
            self._bar_by_key[key] = self._bars.add_task(text, total=None)
        elif self._bars is not None:
            self._bars.update(self._bar_by_key[key], description=text)
        elif not self._quiet:
            print(text, file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        """Start drawing."""
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        """Remove what was drawn."""
        if self._bars is not None:
            self._bars.stop()


def _progress_bars(clock: "Clock") -> Any:
    from rich.console import Console
    from rich.progress import Progress as ProgressBars
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    return ProgressBars(*columns, console=Console(stderr=True), transient=True, get_time=clock.now)


_OTHER_MODEL = "another model"
# The heading of each group and its part of the summary, the most severe first.
_SUMMARY_BY_GROUP = {
    _OTHER_MODEL: "of a model that this spec does not cover",
    "rejected": "would be rejected",
    "truncated": "would be truncated",
    "ignored": "ignored",
    "unspecified": "unspecified",
}


def _group(violation: Violation) -> str:
    """Return the group of a violation: its outcome, unless the spec does not cover the model."""
    if violation.rule == "wire/model" and isinstance(violation.value, str):
        return _OTHER_MODEL
    return violation.outcome


def violation_lines(violations: Sequence[Violation]) -> list[str]:
    """Return the messages grouped by outcome, followed by a line that counts them; `ok` if there are none."""
    if not violations:
        return ["ok"]
    counts = Counter(map(_group, violations))
    lines = []
    for group in _SUMMARY_BY_GROUP:
        if counts[group]:
            lines.append(group)
            lines += [
                f"  {printable(str(violation))}" for violation in violations if _group(violation) == group
            ]
    summary = ", ".join(
        f"{counts[group]} {text}" for group, text in _SUMMARY_BY_GROUP.items() if counts[group]
    )
    return [*lines, f"{len(violations)} violation{'s' if len(violations) > 1 else ''}: {summary}"]


_HANDLER = "wanlib prompt"


def print_client_warnings() -> None:
    """Print the warnings that the client logs from now on, such as a journal that fails after a call."""
    import logging  # costs milliseconds, which commands without a client save

    class MessagePrinter(logging.Handler):
        """Prints each record as a message of the command, without a traceback."""

        def emit(self, record: logging.LogRecord) -> None:
            print_error(*record.getMessage().splitlines())

    log = logging.getLogger("wanlib")
    printer = next((handler for handler in log.handlers if handler.name == _HANDLER), None)
    if printer is None:
        printer = MessagePrinter()
        printer.name = _HANDLER
        log.addHandler(printer)
    printer.setLevel(logging.WARNING)


def hide_client_warnings() -> None:
    """Print no warning from now on: threads of an interrupted call end while the client is closed."""
    import logging

    for handler in logging.getLogger("wanlib").handlers:
        if handler.name == _HANDLER:
            handler.setLevel(logging.CRITICAL)
