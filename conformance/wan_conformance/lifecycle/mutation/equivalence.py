"""The list of equivalent mutants: those that no test can kill, each with a reason.

`equivalent.yaml` is data, and the run checks it in both directions: a mutant on the list that is killed is
an error, and a mutant that survives without being on the list fails the run. A name that no mutant has is
an error when the list is read.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from wan_conformance.engine.known_failures import EntryFileError, load_entries, parse_reason

FILE = Path(__file__).with_name("equivalent.yaml")
SIDES = ("service", "client")
"""The two programs that are generated from the state table, each of which a mutant may or may not change."""
_MEMBERS = {"side", "reason", "mutants"}

EquivalentMutants = dict[tuple[str, str], str]
"""The reason of each entry, by the name of the mutant and the side."""


def read_equivalent_mutants(names: Collection[str], path: Path = FILE) -> EquivalentMutants:
    """Read the list of equivalent mutants.

    Args:
        names: The names of all mutants.
        path: The file.

    Returns:
        The reason why a mutant is equivalent on a side.

    Raises:
        EntryFileError: An entry has the wrong members, names an unknown side or mutant, names a
            mutant twice, or has no reason.
    """
    reasons: EquivalentMutants = {}
    for side, mutants, reason in load_entries(path, _entry):
        for name in mutants:
            if name not in names:
                raise EntryFileError(f"{path.name}: mutant {name!r} does not exist; remove it from the list")
            if (name, side) in reasons:
                raise EntryFileError(f"{path.name}: {name!r} is listed twice for the {side}")
            reasons[name, side] = reason
    return reasons


def _entry(entry: Any) -> tuple[str, list[str], str]:
    if not isinstance(entry, dict) or set(entry) != _MEMBERS:
        raise ValueError(f"expected the members {', '.join(sorted(_MEMBERS))}")
    if entry["side"] not in SIDES:
        raise ValueError(f"side is {entry['side']!r}; allowed: {', '.join(SIDES)}")
    if not isinstance(entry["mutants"], list) or not entry["mutants"]:
        raise ValueError(f"mutants is {entry['mutants']!r}; expected a list of names")
    return entry["side"], entry["mutants"], parse_reason(entry)
