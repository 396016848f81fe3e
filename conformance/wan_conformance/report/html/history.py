"""The history of earlier runs in an HTML report: a new file inherits it from the old one.

The old file may have been edited or be an unrelated file; invalid entries are skipped.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from wan_conformance.report.causes.grouping import FailureCause
from wan_conformance.report.html.markup import table, text
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.tally import RunTally

BLOCK = "history"
"""The id of the element that contains the history."""
_MAX_RUNS = 50
_MAX_CAUSES = 200
_MAX_TEXT = 200
_MAX_FILE = 16 << 20
_ELEMENT = re.compile(rf'<script type="application/json" id="{BLOCK}">(.*?)</script>', re.DOTALL)


class PastRun(NamedTuple):
    """The data of a run in the history.

    Attributes:
        started: When it started, in ISO 8601.
        spec: The beginning of the digest of the spec.
        passed: Verdicts that passed.
        failed: Verdicts that failed, errors included.
        skipped: Verdicts that were skipped.
        causes: The causes of the failures: the problem, by id.
    """

    started: str
    spec: str
    passed: int
    failed: int
    skipped: int
    causes: Mapping[str, str]


def past_run(log: VerdictLog, counted: RunTally, causes: Sequence[FailureCause]) -> PastRun:
    """Return the history entry for the run of a log."""
    titles = {cause.id: cause.title[:_MAX_TEXT] for cause in causes[:_MAX_CAUSES]}
    return PastRun(
        str(log.run.get("started", ""))[:40],
        str(log.run.get("spec", ""))[:12],
        counted.counts["pass"],
        len(counted.failures),
        counted.counts["skip"],
        titles,
    )


def read_history(path: Path) -> list[PastRun]:
    """Return the runs in an earlier report, the oldest first; none if it has no history."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_FILE:
            return []
        found = _ELEMENT.search(path.read_text("utf-8"))
        entries = json.loads(found[1]) if found else []
    except (OSError, ValueError, RecursionError):
        return []
    runs = [run for entry in entries if (run := _run(entry)) is not None] if isinstance(entries, list) else []
    return runs[-_MAX_RUNS:]


def _run(entry: Any) -> PastRun | None:
    if not isinstance(entry, list) or len(entry) != len(PastRun._fields):
        return None
    *texts_and_numbers, causes = entry
    texts, numbers = texts_and_numbers[:2], texts_and_numbers[2:]
    if not all(isinstance(value, str) and len(value) <= _MAX_TEXT for value in texts):
        return None
    if not all(type(value) is int and value >= 0 for value in numbers):
        return None
    if not isinstance(causes, dict) or len(causes) > _MAX_CAUSES:
        return None
    if not all(isinstance(title, str) and len(title) <= _MAX_TEXT for title in causes.values()):
        return None
    return PastRun(*entry)


def with_run(history: Sequence[PastRun], run: PastRun) -> list[PastRun]:
    """Return a history with one more run, in place of an entry about the same run."""
    others = [other for other in history if other.started != run.started]
    return [*others, run][-_MAX_RUNS:]


def history_section(history: Sequence[PastRun]) -> Iterator[str]:
    """Yield the section with a row for each run, the newest first."""
    yield '<section id="history" class="view"><h2>History</h2>'
    yield '<p class="quiet">The runs that were written to this file, at most 50. Rows compare each run with'
    yield " the one before it.</p>"
    max_failed = max((run.failed for run in history), default=0)
    rows = []
    for position in range(len(history) - 1, -1, -1):
        run, before = history[position], history[position - 1] if position else None
        rows.append([*_cells(run, max_failed), *_changes(run, before)])
    heads = (
        "started",
        "spec",
        "passed",
        "failed",
        "failed, drawn",
        "skipped",
        "new causes",
        "causes that are gone",
    )
    yield table("runs, the newest first", heads, rows, "words")
    yield "</section>"


def _cells(run: PastRun, max_failed: int) -> Iterator[str]:
    share = run.failed / max_failed if max_failed else 0
    yield text(run.started or "unknown")
    yield f"<code>{text(run.spec)}</code>"
    yield f"{run.passed:,}"
    yield f'<span class="bad">{run.failed:,}</span>' if run.failed else "0"
    yield (
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="ground" width="100" height="10"/><rect width="{100 * share:.0f}" height="10"/></svg>'
    )
    yield f"{run.skipped:,}"


def _changes(run: PastRun, before: PastRun | None) -> Iterator[str]:
    if before is None:
        yield from ("first run", "")
        return
    for here, there in ((run, before), (before, run)):
        titles = [title for cause, title in here.causes.items() if cause not in there.causes]
        yield "<br>".join(map(text, titles)) or "none"
