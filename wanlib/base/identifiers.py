"""Ids of rules, parsed into parts and with hints for messages; ids of models; an id that no task has."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

NO_TASK = "00000000-0000-4000-8000-000000000000"
"""A task id that no service has issued: a query for it costs nothing and has a documented response."""


class RuleId(NamedTuple):
    """`<file>/<path>.<kind>[:<mode>]`: the name of a rule everywhere."""

    file: str
    path: str
    kind: str
    mode: str

    @property
    def field_name(self) -> str:
        """The last named member of the path: `images` in `images.each`."""
        names = [part for part in self.path.split(".") if part != "each"]
        return names[-1] if names else ""


def parse_rule_id(text: str) -> RuleId:
    """Return the parts of an id; parts that it does not have are empty."""
    rest, _, mode = text.partition(":")
    file, _, rest = rest.partition("/")
    path, _, kind = rest.rpartition(".")
    return RuleId(file, path, kind, mode)


NOTHING: Mapping[str, str] = {}


class Hints(NamedTuple):
    """The context of a rule for messages, derived from the spec.

    Attributes:
        when: The condition of the rule in words; empty if it always holds.
        others: What applies under other conditions: a limit (None: no limit at all) with its condition in
            words.
        positions: For names without a place here, where each known name belongs, in words.
        sizes: The fields that hold a width and a height in one text.
        instead: For names that only other models document, what to do instead.
    """

    when: str = ""
    others: tuple[tuple[Any, str], ...] = ()
    positions: Mapping[str, str] = NOTHING
    sizes: tuple[str, ...] = ()
    instead: Mapping[str, str] = NOTHING


_NO_HINTS = Hints()


class RuleName(str):
    """A rule id with hints for its message. It equals, hashes and prints like the plain text."""

    __slots__ = ("hints",)
    hints: Hints

    def __new__(cls, rule: str, hints: Hints = _NO_HINTS) -> "RuleName":
        """Create a rule id that carries hints."""
        name = super().__new__(cls, rule)
        name.hints = hints
        return name

    def __reduce__(self) -> tuple[type["RuleName"], tuple[str, Hints]]:
        """Keep the hints through pickle and copy."""
        return RuleName, (str(self), self.hints)


def hints_of(rule: str) -> Hints:
    """Return the hints of a rule id; empty hints for plain text."""
    return rule.hints if isinstance(rule, RuleName) else _NO_HINTS


MAX_ID_LENGTH = 200
"""Maximum length of a model id; a longer text is not a model."""


def base_model(model: object, models: Sequence[str], ending: str) -> str | None:
    """Return the listed model that an id names: the id itself, or the base of a fine-tuned model.

    Args:
        model: The text passed as the id.
        models: The listed models.
        ending: Regular expression for the suffix of the id of a fine-tuned model; empty if there
            are none.

    Returns:
        The longest base that fits, or None if the id names no model of these.
    """
    if not isinstance(model, str) or len(model) > MAX_ID_LENGTH:
        return None
    if model in models:
        return model
    match = _matcher(tuple(models), ending)(model) if ending else None
    return match[1] if match else None


@lru_cache(maxsize=16)
def _matcher(models: tuple[str, ...], ending: str) -> Callable[[str], re.Match[str] | None]:
    longest_first = sorted(models, key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, longest_first))}){ending}", re.ASCII).fullmatch
