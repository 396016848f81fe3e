"""Errors in spec files: diagnostics, raised together as one `SpecError`."""

import re
from collections.abc import Iterable
from keyword import iskeyword

from wanlib.base.text import suggest
from wanlib.input_error import InputError

_MAX_LISTED = 9
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MODEL = re.compile(r"[a-z0-9][a-z0-9._-]*")
_MEMBER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset({"model", "call", "count", "given", "each", "fields"})


class SpecError(InputError, ValueError):
    """A broken spec; `str()` has a line for each diagnostic."""

    @property
    def diagnostics(self) -> list[str]:
        """The lines, each `file:line: problem, expected ...`."""
        return [*self.lines]


class Diagnostics:
    """Collect the problems of one file.

    Attributes:
        file: The name of the file.
        lines: `file:line: problem, expected ...`, in order.
    """

    def __init__(self, file: str) -> None:
        """Start an empty collection for a file."""
        self.file = file
        self.lines: list[str] = []

    def add(self, line: int, problem: str, expected: str) -> None:
        """Add a diagnostic about a line (from 1)."""
        self.lines.append(f"{self.file}:{line}: {problem}, expected {expected}")

    def unknown_name(self, line: int, subject: str, name: object, known: Iterable[object]) -> None:
        """Add a diagnostic about an unknown name; it suggests the nearest known one.

        Args:
            line: The line, from 1.
            subject: The owner of the name, such as `the field`.
            name: The name.
            known: The names that exist.
        """
        self.add(line, f"{subject} {name!r} does not exist", suggest_name(name, known))


def suggest_name(name: object, known: Iterable[object]) -> str:
    """Return the known name that was probably intended, else a list of the known names."""
    names = list(dict.fromkeys(map(str, known)))
    if matches := suggest(str(name), names):
        return matches[0]
    if len(names) == 1:
        return names[0]
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return f"one of {', '.join(names[:_MAX_LISTED])}{more}" if names else "none"


def check_model_name(name: str, line: int, diagnostics: Diagnostics) -> None:
    """Check that a model's name can be used in a URL, a comment and a file name."""
    if not _MODEL.fullmatch(name):
        expected = "lower-case letters, digits, dots, - and _"
        diagnostics.add(line, f"the model name {name!r} can't be used", expected)


def check_member_name(path: str, name: str, line: int, diagnostics: Diagnostics) -> None:
    """Check that a member of a body can be used in a path, a rule id and a variable. path: of the object."""
    if not _MEMBER.fullmatch(name):
        diagnostics.add(line, f"the member name {name!r} of {path} can't be used", "letters, digits and _")


def check_name(subject: str, name: str, line: int, diagnostics: Diagnostics) -> None:
    """Check that a name can be used in expressions, in rule ids and in Python."""
    if not _NAME.fullmatch(name) or iskeyword(name) or name in _RESERVED:
        expected = "[a-z][a-z0-9_]*, and no word of Python or of the spec"
        diagnostics.add(line, f"the {subject} name {name!r} can't be used", expected)
