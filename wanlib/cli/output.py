"""Rows for people and for pipes."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from wanlib.base.redaction import printable
from wanlib.base.violation import Violation

if TYPE_CHECKING:
    from wanlib.base.clock import Clock


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal, columns with tabs between them in a pipe. The cells must be printable."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)


class Progress:
    """Called with a task's id and its new status. quiet: shows nothing."""

    def __init__(self, clock: "Clock", quiet: bool) -> None:
        self._clock = clock
        self._since = clock.now()
        self._quiet = quiet
        self._live: Any = _live(clock) if not quiet and sys.stderr.isatty() else None
        self._lines: dict[str, Any] = {}

    def __call__(self, task_id: str, status: str) -> None:
        self.show(task_id, f"task {task_id} is {status} after {self._clock.now() - self._since:.0f} s")

    def show(self, key: str, text: str) -> None:
        """Shows a text; on a terminal in place of the last one of this key."""
        said = printable(text)
        if self._live is not None and key not in self._lines:
            self._lines[key] = self._live.add_task(said, total=None)
        elif self._live is not None:
            self._live.update(self._lines[key], description=said)
        elif not self._quiet:
            print(said, file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()


def _live(clock: "Clock") -> Any:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    return Bar(*columns, console=Console(stderr=True), transient=True, get_time=clock.now)


_OTHER_MODEL = "another model"
# The heading of each group and its part of the summary, the gravest first.
_SAID = {
    _OTHER_MODEL: "of a model that this spec does not cover",
    "rejected": "would be rejected",
    "truncated": "would be truncated",
    "ignored": "ignored",
    "unspecified": "unspecified",
}


def _group(violation: Violation) -> str:
    """The group of a violation. What the service says to a model of another spec is not known here."""
    if violation.rule == "wire/model" and isinstance(violation.value, str):
        return _OTHER_MODEL
    return violation.outcome


def violation_lines(found: Sequence[Violation]) -> list[str]:
    """The lines for people: the messages by outcome, then what they come to."""
    if not found:
        return ["ok"]
    counts = Counter(map(_group, found))
    lines = []
    for outcome in _SAID:
        if counts[outcome]:
            lines.append(outcome)
            lines += [f"  {printable(str(each))}" for each in found if _group(each) == outcome]
    said = ", ".join(f"{counts[outcome]} {_SAID[outcome]}" for outcome in _SAID if counts[outcome])
    return [*lines, f"{len(found)} violation{'s' if len(found) > 1 else ''}: {said}"]
