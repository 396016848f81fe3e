"""Progress bars of a run, on stderr."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from wan_conformance.engine.runner import JudgedCase
from wan_conformance.engine.sources import CaseSource
from wan_conformance.report.terminal import console

OnCase = Callable[[JudgedCase], None]


@contextmanager
def progress_bars(sources: Sequence[CaseSource]) -> Iterator[OnCase]:
    """Show a bar for each source on stderr, removed at the end; none if stderr is not a terminal.

    Yields:
        The callback to call after each case.
    """
    stderr_console = console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=stderr_console, transient=True, disable=not stderr_console.is_terminal
    ) as progress:
        tasks = {
            source.name: progress.add_task(source.name, total=source.total, unit=source.unit)
            for source in sources
        }
        steps: set[tuple[str, str | None]] = set()

        def on_case(case: JudgedCase) -> None:
            step = (case.source, case.step)
            if step not in steps:
                steps.add(step)
                progress.advance(tasks[case.source])

        yield on_case
