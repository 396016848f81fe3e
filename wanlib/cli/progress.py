"""What a wait shows on stderr: a line that lives on a terminal, a line for each change elsewhere."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from wanlib.cli.plainly import printable

if TYPE_CHECKING:
    from wanlib.base.clock import Clock


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
