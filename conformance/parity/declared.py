"""The differences that are known: each with what shows it and why it is as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("differences.yaml")
HOWS = ("ours only", "sdk only", "differs", "refused")


class DeclarationError(ValueError):
    """The file of differences is wrong; the message says where."""


@dataclass(frozen=True)
class Declared:
    """One line of the file.

    at: a glob over `<face>/<verb>/<call>/<place>`, such as `aio/fetch/*/path`. how: one of HOWS. sdks: the
    names of those that show it; each must.
    """

    at: str
    how: str
    sdks: tuple[str, ...]
    reason: str

    def covers(self, sdk: str, at: str, how: str) -> bool:
        """Whether it speaks of this difference."""
        return sdk in self.sdks and how == self.how and fnmatchcase(at, self.at)


def read_declared(sdks: Sequence[str], path: Path = FILE) -> list[Declared]:
    """The declared differences. Raises DeclarationError."""
    entries = yaml.safe_load(path.read_text("utf-8"))
    if not isinstance(entries, list):
        raise DeclarationError(f"{path.name}: expected a list")
    return [_declared(path.name, index, entry, sdks) for index, entry in enumerate(entries, 1)]


def _declared(name: str, index: int, entry: Any, sdks: Sequence[str]) -> Declared:
    where = f"{name}: entry {index}"
    if not isinstance(entry, dict) or set(entry) != {"at", "how", "sdks", "reason"}:
        raise DeclarationError(f"{where}: expected at, how, sdks and reason")
    if entry["how"] not in HOWS:
        raise DeclarationError(f"{where}: how is {entry['how']!r}, expected one of {', '.join(HOWS)}")
    if not entry["sdks"] or not set(entry["sdks"]) <= set(sdks):
        raise DeclarationError(f"{where}: sdks is {entry['sdks']!r}, expected some of {', '.join(sdks)}")
    if not isinstance(entry["reason"], str) or len(entry["reason"]) < 10:
        raise DeclarationError(f"{where}: a reason is missing")
    return Declared(entry["at"], entry["how"], tuple(entry["sdks"]), entry["reason"])
