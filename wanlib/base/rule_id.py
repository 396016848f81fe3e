"""Rule ids: parsed into their parts, and carrying hints for messages."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class RuleId(NamedTuple):
    """`<file>/<path>.<kind>[:<mode>]`: the one name of a rule everywhere."""

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
    """What a message says about the circumstances of a rule, derived from the spec.

    when: The condition of the rule in words; empty if it always holds.
    others: What applies under other conditions: a limit (None: no limit at all) with its condition in words.
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
