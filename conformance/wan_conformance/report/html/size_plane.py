"""The sizes that a model allows, drawn in the plane of width and height, with the sizes that were tested.

Both axes are logarithmic, so that a limit on pixels or on the ratio is a straight line.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import log

from wan_conformance.model import FAILING
from wan_conformance.report.html.markup import table, text
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.run_facts import SizeArea, areas_of
from wanlib.base.text import format_limit
from wanlib.diff.size_regions import AllowedSizes

_LENGTH = 460
"""Length of an axis in pixels."""
_LEFT, _BOTTOM, _MARGIN = 58, 44, 10
_SAMPLES = 120
"""Number of widths at which the outline of an area is computed."""
_MAX_POINTS = 400
"""Maximum number of sizes drawn in one area."""


@dataclass(slots=True)
class SizeResult:
    """A size that a run tested in an area.

    Attributes:
        width: The width in pixels.
        height: The height in pixels.
        must_be_accepted: Whether a target had to accept it; None if the documents leave it open.
        failed: The targets with a wrong result.
        targets: The number of targets that were asked.
    """

    width: int
    height: int
    must_be_accepted: bool | None = None
    failed: dict[str, None] = field(default_factory=dict)
    targets: set[str] = field(default_factory=set)

    @property
    def words(self) -> str:
        """The expected and the actual result."""
        expected = {True: "must be accepted", False: "must be refused", None: "may be accepted or refused"}
        result = f"fails on {', '.join(self.failed)}" if self.failed else "as expected"
        return f"{expected[self.must_be_accepted]}: {result}"


def size_section(log: VerdictLog) -> Iterator[str]:
    """Yield the section with a drawing of each area; a note if the spec has no sizes."""
    yield '<section id="sizes" class="view"><h2>Sizes</h2>'
    areas = areas_of(log.run)
    if not areas:
        yield "<p>The log has no areas of sizes.</p></section>"
        return
    yield '<p class="quiet">The sizes that each model allows, by mode. A circle is a tested size that must be'
    yield " accepted, a cross one that must be refused; both are red if a target gave a different result.</p>"
    yield '<div class="planes">'
    tested = sizes_by_area(log, len(areas))
    scale = SizeScale(areas)
    for number, (area, sizes) in enumerate(zip(areas, tested, strict=True)):
        yield from _figure(number, area, sizes, scale)
    yield "</div></section>"


def sizes_by_area(log: VerdictLog, count: int) -> list[list[SizeResult]]:
    """Return the tested sizes of each area, failing ones first.

    Args:
        log: The log.
        count: The number of areas.
    """
    found: list[dict[tuple[int, int], SizeResult]] = [{} for _ in range(count)]
    for verdict in log.verdicts:
        point = verdict.size
        if point is None or not 0 <= point.area < count or min(point.width, point.height) < 1:
            continue
        size = found[point.area].setdefault(
            (point.width, point.height), SizeResult(point.width, point.height)
        )
        size.targets.add(verdict.target)
        if verdict.expected.accepted is not None:
            size.must_be_accepted = verdict.expected.accepted and size.must_be_accepted is not False
        if verdict.verdict in FAILING:
            size.failed[verdict.target] = None
    order = [
        sorted(sizes.values(), key=lambda size: (not size.failed, size.width, size.height)) for sizes in found
    ]
    return [sizes[:_MAX_POINTS] for sizes in order]


class SizeScale:
    """The logarithmic scale that the drawings of some areas share.

    Args:
        areas: The areas.
    """

    def __init__(self, areas: Sequence[SizeArea]) -> None:
        """Fit all areas and some sizes around them."""
        outlines = [_outline(area.sizes) for area in areas]
        sides = [side for outline in outlines for point in outline for side in point] or [256, 4096]
        self.outlines = outlines
        self.low, self.high = max(1, min(sides) * 0.6), max(sides) * 1.6
        self.ticks = [1 << power for power in range(15) if self.low <= 1 << power <= self.high]

    def at(self, side: float) -> float:
        """Return the position of a side on an axis; sides beyond the ends are at the ends."""
        clipped = min(max(side, self.low), self.high)
        return _LENGTH * log(clipped / self.low) / log(self.high / self.low)

    def x(self, width: float) -> float:
        """Return the horizontal position of a width."""
        return _LEFT + self.at(width)

    def y(self, height: float) -> float:
        """Return the vertical position of a height."""
        return _MARGIN + _LENGTH - self.at(height)


def _outline(sizes: AllowedSizes) -> list[tuple[int, int]]:
    """Return the corners of an area: its maximum heights from left to right, then its minimum ones back."""
    widths = [width for width in range(1, sizes.widest + 1) if sizes.heights(width)]
    if not widths:
        return []
    ratio = (widths[-1] / widths[0]) ** (1 / _SAMPLES)
    picked = {widths[-1], *(round(widths[0] * ratio**step) for step in range(_SAMPLES))}
    chosen = [width for width in sorted(picked) if sizes.heights(width)]
    top = [(width, sizes.heights(width)[-1]) for width in chosen]
    return top + [(width, sizes.heights(width)[0]) for width in reversed(chosen)]


def _figure(number: int, area: SizeArea, sizes: Sequence[SizeResult], scale: SizeScale) -> Iterator[str]:
    title = f"{area.model}, {area.mode.replace('_', ' ')}" if area.mode else area.model
    yield f'<figure class="card" id="size/{number}"><figcaption><h3>{text(title)}</h3>'
    yield f'<p class="quiet">{text(limit_words(area.sizes))}</p></figcaption>'
    label = f"sizes of {title}; the table below lists the tested ones"
    yield from size_drawing(scale, number, label, sizes)
    failed = sum(bool(size.failed) for size in sizes)
    words = f"{len(sizes):,} tested sizes" + (f", {failed:,} of them wrong" if failed else "")
    yield f"<details><summary>{text(words)}</summary>"
    rows = [[f"{size.width}*{size.height}", text(size.words), str(len(size.targets))] for size in sizes]
    yield table(f"tested sizes of {title}", ("size", "result", "targets"), rows, "words")
    yield "</details></figure>"


def size_drawing(
    scale: SizeScale, number: int, label: str, sizes: Sequence[SizeResult] = ()
) -> Iterator[str]:
    """Yield the SVG element of an area.

    Args:
        scale: The scale of the drawings.
        number: The index of the area among those of the scale.
        label: A description of the drawing, for screen readers.
        sizes: The tested sizes to mark, failing ones first.
    """
    side = _LEFT + _LENGTH + _MARGIN
    yield f'<svg class="plane" viewBox="0 0 {side} {_MARGIN + _LENGTH + _BOTTOM}" role="img"'
    yield f' aria-label="{text(label)}">'
    yield from _axes(scale)
    outline = scale.outlines[number]
    if outline:
        corners = " ".join(f"{scale.x(width):.1f},{scale.y(height):.1f}" for width, height in outline)
        yield f'<polygon class="area" points="{corners}"/>'
    for size in reversed(sizes):  # those that fail are on top
        yield _mark(size, scale)
    yield "</svg>"


def limit_words(sizes: AllowedSizes) -> str:
    """Return the limits of an area in words."""
    limits = {kind: format_limit(limit, kind) for kind, limit in sizes._asdict().items() if limit is not None}
    pairs = [("pixels", "min_pixels", "max_pixels"), ("ratio", "min_ratio", "max_ratio")]
    pairs.append(("side", "min_side", "max_side"))
    words = [
        f"{name} {limits.get(low, 'any')} to {limits.get(high, 'any')}"
        for name, low, high in pairs
        if low in limits or high in limits
    ]
    return "; ".join(words) or "no limit"


def _axes(scale: SizeScale) -> Iterator[str]:
    bottom, right = _MARGIN + _LENGTH, _LEFT + _LENGTH
    yield f'<rect class="plane-ground" x="{_LEFT}" y="{_MARGIN}" width="{_LENGTH}" height="{_LENGTH}"/>'
    for tick in scale.ticks:
        x, y = scale.x(tick), scale.y(tick)
        yield f'<path class="grid" d="M{x:.1f} {_MARGIN}V{bottom}M{_LEFT} {y:.1f}H{right}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{bottom + 17}">{tick}</text>'
        yield f'<text class="tick end" x="{_LEFT - 6}" y="{y + 4:.1f}">{tick}</text>'
    yield f'<text class="tick" x="{_LEFT + _LENGTH / 2:.0f}" y="{bottom + 37}">width in pixels</text>'
    middle = _MARGIN + _LENGTH / 2
    yield f'<text class="tick" transform="translate(13 {middle:.0f}) rotate(-90)">height in pixels</text>'


def _mark(size: SizeResult, scale: SizeScale) -> str:
    x, y = scale.x(size.width), scale.y(size.height)
    kind = "mark wrong" if size.failed else "mark"
    title = f"<title>{text(f'{size.width}*{size.height}: {size.words}')}</title>"
    if size.must_be_accepted is False:
        return f'<path class="{kind}" d="M{x - 3.5:.1f} {y - 3.5:.1f}l7 7m0 -7l-7 7">{title}</path>'
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.5">{title}</circle>'
