"""Decide which fields a request has together, by the rules `requires` and `excludes`."""

from collections.abc import Collection, Mapping
from typing import Any

from wanlib.boundary.mode_cases import ModeCase
from wanlib.spec.model.model import Rule
from wanlib.spec.model.modes import given_key


class Companions:
    """The rules on companions in one mode case.

    Args:
        mode_case: The mode case.
        always: The fields that every request has; a list among them may be empty.
        never: The fields that no request has.
        forced: A field that is present with a value, or an item; empty for none.
        broken: A rule that is violated on purpose; None for none.
    """

    def __init__(
        self,
        mode_case: ModeCase,
        always: Collection[str],
        never: Collection[str],
        forced: str,
        broken: Rule | None,
    ) -> None:
        self._lists = {field.name for field in mode_case.family.fields if field.type == "list"}
        self._needed = {name for name in always if name not in self._lists} | ({forced} - {""})
        self._needed |= {
            field.name for field in mode_case.family.fields if mode_case.limit(field, "min_count", 0)
        }
        self._defaults = {field.name: field.default.get(None) for field in mode_case.family.fields}
        self._never, self._broken = never, broken
        self._rules: list[tuple[str, Rule]] = []
        for field in mode_case.family.fields:
            for kind in ("requires", "excludes"):
                rule = mode_case.active_rule(field, kind)
                if rule is not None and rule is not broken:
                    self._rules.append((field.name, rule))
        for _ in self._rules:  # what needed fields require is needed too
            self._needed |= {
                rule.limit for name, rule in self._rules if rule.kind == "requires" and name in self._needed
            }

    def settle(self, wanted: dict[str, bool], counts: dict[str, int], pinned: Mapping[str, Any]) -> None:
        """Add required fields and drop excluded ones, so that no rule but the broken one is violated.

        Args:
            wanted: Whether each field is present; changed in place.
            counts: The lengths of lists that are decided; changed in place.
            pinned: The values that modes read.
        """
        dropped: set[str] = set()

        def drop(name: str) -> None:
            dropped.add(name)
            if name in self._lists:
                counts[name] = 0
            else:
                wanted[name] = False

        def is_fixed(name: str) -> bool:
            if given_key(name) in pinned or name in self._needed:
                return True
            return name in pinned and (name in self._lists or pinned[name] != self._defaults[name])

        def add(name: str) -> bool:
            if name in dropped or name in self._never or pinned.get(given_key(name)) is False:
                return False
            if name in self._lists:
                counts[name] = counts.get(name, 1)
            wanted[name] = True
            return name not in self._lists or counts[name] > 0

        if self._broken is not None and self._broken.kind == "requires":
            drop(self._broken.limit)
        for name, rule in self._rules:
            if rule.kind == "requires" and name in self._needed:
                add(rule.limit)
        for _ in range(1 + len(self._rules)):
            for name, rule in self._rules:
                if not wanted[name] or counts.get(name) == 0:
                    continue
                if name in self._lists and name not in counts and not is_fixed(name):
                    drop(name)
                elif rule.kind == "requires":
                    if not add(rule.limit):
                        drop(name)
                elif any(self._is_present(other, wanted, counts) for other in rule.limit):
                    for other in rule.limit if is_fixed(name) else (name,):
                        drop(other)

    def _is_present(self, name: str, wanted: Mapping[str, bool], counts: Mapping[str, int]) -> bool:
        return wanted[name] and counts.get(name) != 0
