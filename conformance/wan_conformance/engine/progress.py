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
    out = console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        tasks = {
            each.name: progress.add_task(each.name, total=each.total, unit=each.unit) for each in sources
        }
        steps: set[tuple[str, str | None]] = set()

        def told(source: CaseSource, case: Case | Strategy | TaskCheck) -> None:
            step = (source.name, source.step(case))
            if step not in steps:
                steps.add(step)
                progress.advance(tasks[source.name])

        yield told
