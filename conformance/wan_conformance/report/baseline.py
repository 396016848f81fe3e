"""The accepted run, and what changed in a later one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wan_conformance.model import Verdict
from wan_conformance.report.log import VerdictLog, dump_line, verdict_to_json

_LEFT_OUT = ("ms", "seed", "body", "model")


def write_baseline(log: VerdictLog, path: Path) -> None:
    """Write the verdicts, sorted and without what differs between runs: equal verdicts, equal bytes."""
    lines = sorted(log.verdicts, key=lambda verdict: (verdict.case, verdict.target))
    path.write_text("".join(map(_line, lines)), encoding="ascii", newline="\n")


def _line(verdict: Verdict) -> str:
    return dump_line(
        {name: value for name, value in verdict_to_json(verdict).items() if name not in _LEFT_OUT}
    )


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A case whose verdict on a target has changed.

    Attributes:
        case: The id of the case.
        target: The name of the target.
        old: The verdict before; None if there was none.
        new: The verdict now; None if there is none.
    """

    case: str
    target: str
    old: str | None
    new: str | None

    @property
    def is_regression(self) -> bool:
        """Whether it passed before and no longer does."""
        return self.old == "pass"

    def __str__(self) -> str:
        word = "gone" if self.new is None else "new" if self.old is None else "changed"
        return f"{word}: {self.target}: {self.case}: {self.old or 'none'} -> {self.new or 'none'}"


def changes(
    old: VerdictLog, new: VerdictLog, compared: Callable[[Verdict], bool] = lambda verdict: True
) -> list[VerdictChange]:
    """Return what is new, gone or changed, by case and target, regressions first.

    Args:
        old: The earlier log or baseline.
        new: The later log.
        compared: Whether an old verdict takes part; a partial run leaves out those that it could not give.
    """
    before = {(item.case, item.target): item.verdict for item in old.verdicts if compared(item)}
    after = {(item.case, item.target): item.verdict for item in new.verdicts}
    changed = list(_changes(before, after))
    return sorted(changed, key=lambda item: (not item.is_regression, item.case, item.target))


def _changes(
    before: dict[tuple[str, str], str], after: dict[tuple[str, str], str]
) -> Iterator[VerdictChange]:
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if old != new:
            yield VerdictChange(*key, old, new)
