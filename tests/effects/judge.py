"""Whether a changed value has an effect: the loader refuses it, or some output changes."""

from collections.abc import Collection, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from tests.effects.changes import Change, Vocabulary
from tests.effects.readings import READINGS
from tests.effects.spec_values import Documents, SpecValue, find_values, replace_value
from wanlib.emit.python_text import EmitError
from wanlib.spec import Spec, SpecError
from wanlib.spec.load import build, spec_folder
from wanlib.spec.source.files import name_diagnostics
from wanlib.spec.source.schema_check import SCHEMA, schema_diagnostics

REFUSED, DEAD, CRASH = "refused", "no effect", "crashes:"


ELSEWHERE = ("section", "sections", "sha256", "not_encoded")
"""Members of `sources.yaml` that tests/spec/test_sources.py compares with the pages."""


ADVICE = ("recommended",)
"""Sizes that a page recommends: shown by `wanlib explain` as a value, and part of no other output."""


class Effect(NamedTuple):
    """The effect of a change.

    Attributes:
        effect: REFUSED, the name of an output that differs, DEAD, or CRASH with the reason.
    """

    place: SpecValue
    change: Change
    effect: str

    @property
    def is_bad(self) -> bool:
        """Whether the change has no effect, or makes something crash."""
        return self.effect == DEAD or self.effect.startswith(CRASH)

    def __str__(self) -> str:
        return f"{self.place}: {self.change.what}: {self.effect}"


class Judge:
    """Compares changed specs with the original.

    Args:
        documents: the files of the original.
        schema: the JSON Schema of the files; None for the packaged one.
    """

    def __init__(self, documents: Documents, schema: Path | None = None) -> None:
        self._documents = documents
        self._schema = schema or spec_folder() / SCHEMA
        self._spec = build(documents, "")
        self._known: dict[str, list[str]] = {}
        cited = {
            entry.source.partition("#")[0]
            for entry in (*self._spec.rules.values(), *self._spec.facts.values())
        }
        self.places = [place for place in find_values(documents) if _explained(place, documents, cited)]
        self._vocabulary = Vocabulary(self.places)

    def effects(self, chosen: Iterable[SpecValue]) -> Iterator[Effect]:
        """Yield the effect of each change of some values."""
        for place in chosen:
            for change in self._vocabulary.changes(place):
                yield Effect(place, change, self.effect(place, change))

    def effect(self, place: SpecValue, change: Change) -> str:
        """Return the effect of one change."""
        documents = replace_value(self._documents, place, change.value)
        changed = documents[place.file]
        if name_diagnostics(place.file, changed) or schema_diagnostics(
            changed, f"{place.file}.yaml", self._schema
        ):
            return REFUSED
        try:
            return self._difference(build(documents, ""))
        except (SpecError, EmitError):
            return REFUSED
        except Exception as error:
            return f"{CRASH} {type(error).__name__}: {error}"

    def _difference(self, spec: Spec) -> str:
        for name, read in READINGS.items():
            for before, after in zip_longest(self._base(name), read(spec)):
                if before != after:
                    return name
        return DEAD

    def _base(self, name: str) -> list[str]:
        if name not in self._known:
            self._known[name] = [*READINGS[name](self._spec)]
        return self._known[name]


def _explained(place: SpecValue, documents: Documents, cited: Collection[str]) -> bool:
    """Return True if a value is to be changed: all except what no rule or fact shows of `sources.yaml`.

    Args:
        place: the value.
        documents: the spec files.
        cited: the pages that rules and facts cite.
    """
    if any(step in ADVICE for step in place.path):
        return False
    if place.file != "sources" or len(place.path) < 2:
        return True
    table, name, *rest = place.path
    shown = name in cited if table == "pages" else "rules" in documents["sources"][table][name]
    return shown and not any(step in ELSEWHERE for step in rest)
