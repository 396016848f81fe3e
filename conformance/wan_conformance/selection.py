"""Which cases, rules, models and targets a run is about: the options of a run, and the scope of a log."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from wan_conformance.model import Verdict
from wanlib.base.redaction import safe_repr

_WILDCARDS = "*?["
_MEMBERS = ("targets", "rules", "models", "cases")


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of all cases and targets. An empty member selects everything.

    Attributes:
        rules: Globs over rule ids.
        models: Names of models.
        cases: Ids of cases, or globs over them.
        targets: Names of targets.
    """

    rules: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    @property
    def has_all_cases(self) -> bool:
        """Whether no case is left out."""
        return not (self.rules or self.models or self.cases)

    @property
    def has_general_cases(self) -> bool:
        """Whether cases that are not about a single rule take part."""
        return not self.rules or "*" in self.rules

    def has_rule(self, rule: str) -> bool:
        """Return whether a rule is selected; an empty id stands for cases about no single rule."""
        return any(fnmatchcase(rule, pattern) for pattern in self.rules or ("*",))

    def has_model(self, model: str | None) -> bool:
        """Return whether the cases of a model are selected.

        Args:
            model: The model; None for a body that names no known model.
        """
        return not self.models or model in self.models

    def has_case(self, case: str) -> bool:
        """Return whether a case is selected by its id."""
        return not self.cases or any(_matches(case, pattern) for pattern in self.cases)

    def may_have_case_of(self, prefix: str) -> bool:
        """Return whether a case whose id begins with a prefix can be selected by its id."""
        return not self.cases or any(_may_begin(pattern, prefix) for pattern in self.cases)

    def covers(self, verdict: Verdict) -> bool:
        """Return whether a run of this selection gives this verdict.

        A verdict without a model, as in a baseline, counts as one about a selected model.
        """
        return (
            (not self.targets or verdict.target in self.targets)
            and self.has_rule(verdict.rule or (verdict.case if verdict.is_check else ""))
            and (verdict.model is None or self.has_model(verdict.model))
            and self.has_case(verdict.case)
        )

    def to_json(self) -> dict[str, list[str]]:
        """Return the members that select a part, for the first line of a log."""
        return {name: list(getattr(self, name)) for name in _MEMBERS if getattr(self, name)}

    def __str__(self) -> str:
        """Return the parts in words, such as `target http; rule wan2.7/*`."""
        parts = ((name.removesuffix("s"), getattr(self, name)) for name in _MEMBERS)
        return "; ".join(f"{name} {', '.join(texts)}" for name, texts in parts if texts) or "everything"


EVERYTHING = Selection()


def selection_from_json(value: object) -> Selection:
    """Return the scope in the first line of a log.

    Raises:
        ValueError: It is not an object of lists of texts.
    """
    if not isinstance(value, Mapping) or not all(_is_member(*item) for item in value.items()):
        raise ValueError(f"covers is {safe_repr(value)}, expected lists of texts in {', '.join(_MEMBERS)}")
    return Selection(**{name: tuple(texts) for name, texts in value.items()})


def _is_member(name: object, texts: Any) -> bool:
    return name in _MEMBERS and isinstance(texts, list) and all(isinstance(text, str) for text in texts)


def _matches(case: str, pattern: str) -> bool:
    """Return whether a case has this id or matches this glob; ids may have characters of globs."""
    return case == pattern or fnmatchcase(case, pattern)


def has_wildcard(pattern: str) -> bool:
    """Return whether a glob can match more than itself."""
    return any(letter in _WILDCARDS for letter in pattern)


def _may_begin(pattern: str, prefix: str) -> bool:
    start = next((n for n, letter in enumerate(pattern) if letter in _WILDCARDS), len(pattern))
    return pattern.startswith(prefix) or prefix.startswith(pattern[:start])
