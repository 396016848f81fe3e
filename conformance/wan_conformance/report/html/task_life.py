"""The life cycle of a task: the state table, and the transitions seen in the queries of a run."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from wan_conformance.report.html.markup import table, text
from wan_conformance.report.log import VerdictLog

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 132, 44, 116, 26
_Table = Mapping[str, Sequence[str]]
_Pair = tuple[str, str]


def task_section(log: VerdictLog) -> Iterator[str]:
    """Yield the section with a drawing and a table of the transitions; a note if the log lacks the table."""
    yield '<section id="task" class="view"><h2>Life of a task</h2>'
    task = log.run.get("task")
    if not task:
        yield "<p>The log has no state table.</p></section>"
        return
    states: _Table = task["states"]
    seen = transitions(log)
    direct, inferred, impossible = _explain(seen, states)
    first = Counter(verdict.observed.states[0] for verdict in log.verdicts if verdict.observed.states)
    yield '<p class="quiet">Transitions between the states seen in two consecutive queries. If a state'
    yield " between them was not seen, the task passed it between the two queries: such arrows are dashed,"
    yield " and those that no task took are dotted.</p>"
    yield '<div class="frame" role="region" tabindex="0" aria-label="drawing of the states">'
    yield _drawing(task["initial"], states, direct, inferred)
    yield "</div>"
    if not seen and not first:
        yield "<p>No target of this run followed a task.</p>"
    rows = [
        [text(f"{start} → {end}"), f"{direct[start, end]:,}", f"{inferred[start, end]:,}", "documented"]
        for start, ends in states.items()
        for end in ends
    ]
    rows += [
        [text(f"{start} → {end}"), f"{count:,}", "0", '<span class="bad">contradicts the state table</span>']
        for (start, end), count in impossible.items()
    ]
    yield table(
        "transitions", ("transition", "seen", "passed between two queries", "state table"), rows, "words"
    )
    shown = ", ".join(f"{state} {count:,} times" for state, count in first.most_common())
    yield f'<p class="gap">The first state that was seen of a task: {text(shown or "none")}.</p></section>'


def transitions(log: VerdictLog) -> Counter[_Pair]:
    """Return the number of times that one state was seen directly after another."""
    return Counter(pair for verdict in log.verdicts for pair in pairwise(verdict.observed.states))


def _explain(seen: Counter[_Pair], states: _Table) -> tuple[Counter[_Pair], Counter[_Pair], Counter[_Pair]]:
    """Return the transitions that were seen, those passed between two queries, and impossible ones."""
    direct, inferred, impossible = Counter[_Pair](), Counter[_Pair](), Counter[_Pair]()
    for (start, end), count in seen.items():
        path = _path(start, end, states)
        if path is None:
            impossible[start, end] += count
        elif len(path) == 2:
            direct[start, end] += count
        else:
            for pair in pairwise(path):
                inferred[pair] += count
    return direct, inferred, impossible


def _path(start: str, end: str, states: _Table) -> list[str] | None:
    """Return the shortest path through the state table; None if there is none."""
    paths = [[start]]
    reached = {start}
    for path in paths:
        for state in states.get(path[-1], ()):
            if state == end:
                return [*path, state]
            if state not in reached:
                reached.add(state)
                paths.append([*path, state])
    return None


def _columns(initial: str, states: _Table) -> list[list[str]]:
    """Return the states by their distance from the initial one; unreachable ones last."""
    columns = [[initial]]
    placed = {initial}
    while columns[-1]:
        following = dict.fromkeys(end for state in columns[-1] for end in states.get(state, ()))
        columns.append([state for state in following if state not in placed])
        placed.update(columns[-1])
    columns[-1] = [state for state in states if state not in placed]
    return [column for column in columns if column]


def _drawing(initial: str, states: _Table, direct: Counter[_Pair], inferred: Counter[_Pair]) -> str:
    columns = _columns(initial, states)
    tallest = max(map(len, columns))
    width = len(columns) * (_WIDTH + _GAP_X) - _GAP_X + 4
    height = tallest * (_HEIGHT + _GAP_Y) - _GAP_Y + 4
    places = {
        state: (
            2 + column * (_WIDTH + _GAP_X),
            2 + (tallest - len(names)) * (_HEIGHT + _GAP_Y) / 2 + row * (_HEIGHT + _GAP_Y),
        )
        for column, names in enumerate(columns)
        for row, name in enumerate(names)
        for state in [name]
    }
    parts = [
        f'<svg class="life" viewBox="0 0 {width} {height}" width="{width}" role="img"'
        ' aria-label="states of a task and how they follow each other; the table below has the numbers">'
    ]
    parts += [
        _arrow(places[start], places[end], direct[start, end], inferred[start, end])
        for start, ends in states.items()
        for end in ends
        if start in places and end in places
    ]
    for state, (x, y) in places.items():
        kind = "start" if state == initial else "end" if not states.get(state) else ""
        parts.append(
            f'<rect class="state {kind}" x="{x}" y="{y:.0f}" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>'
            f'<text x="{x + _WIDTH / 2:.0f}" y="{y + _HEIGHT / 2 + 5:.0f}">{text(state)}</text>'
        )
    return "".join([*parts, "</svg>"])


def _arrow(start: tuple[float, float], end: tuple[float, float], seen: int, passed: int) -> str:
    x1, y1 = start[0] + _WIDTH, start[1] + _HEIGHT / 2
    x2, y2 = end[0], end[1] + _HEIGHT / 2
    middle = (x1 + x2) / 2
    kind = "seen" if seen else "passed" if passed else "idle"
    return (
        f'<path class="arrow {kind}" d="M{x1:.0f} {y1:.0f}C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f}'
        f' {x2 - 7:.0f} {y2:.0f}"/><path class="tip {kind}" d="M{x2:.0f} {y2:.0f}l-9 -5v10z"/>'
        f'<text class="count" x="{middle:.0f}" y="{(y1 + y2) / 2 - 8:.0f}">{seen + passed:,}</text>'
    )
