"""The bars that show how far a run is, where somebody is watching."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from wan_conformance.engine.sources import CaseSource
from wan_conformance.model import Strategy, TaskCheck
from wan_conformance.report.terminal import console
from wanlib.boundary.case import Case

OnCase = Callable[[CaseSource, Case | Strategy | TaskCheck], None]


@contextmanager
def progress_bars(sources: Sequence[CaseSource]) -> Iterator[OnCase]:
    """A bar for each source, on stderr, gone when the run is over; none where stderr is no terminal."""
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

        def on_case(source: CaseSource, case: Case | Strategy | TaskCheck) -> None:
            step = (source.name, source.step(case))
            if step not in steps:
                steps.add(step)
                progress.advance(tasks[source.name])

        yield on_case
