"""What a list of violations says to the harness."""

from collections.abc import Iterable

from conformance.model import Observation
from wanlib.base.violation import Violation


def observation(violations: Iterable[Violation]) -> Observation:
    """The rules that were named; let through unless one of them is refused."""
    found = tuple(violations)
    rules = tuple(sorted({violation.rule for violation in found}))
    return Observation(not any(violation.refused for violation in found), rules)
