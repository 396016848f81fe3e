"""Failures that are known: each by a pattern, with its reason and date. One that passes is news."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from wan_conformance.model import FAILING, ExpectedAnswer, Observation, Verdict

KNOWN_FILE = Path(__file__).with_name("known.yaml")
_GLOBS = ("rule", "case", "target")
_MEMBERS = (*_GLOBS, "reason", "date")


class KnownFailuresError(ValueError):
    """The file of known failures is wrong: `file: entry n: what, expected what`."""


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One entry: globs over the rule (empty for cases about none), the case and the target."""

    rule: str
    case: str
    target: str
    reason: str
    date: date

    def matches(self, verdict: Verdict) -> bool:
        """Whether the entry speaks of this verdict."""
        return (
            fnmatchcase(verdict.rule or "", self.rule)
            and fnmatchcase(verdict.case, self.case)
            and fnmatchcase(verdict.target, self.target)
        )

    def __str__(self) -> str:
        return f"{self.rule} {self.case} {self.target}"


class KnownFailures:
    """The entries, and which of them a run has met."""

    def __init__(self, entries: Iterable[KnownFailure] = ()) -> None:
        self.entries = tuple(entries)
        self.used: set[KnownFailure] = set()

    def apply(self, verdict: Verdict) -> Verdict:
        """The verdict, `known` where it fails by an entry, `fail` where it passes in spite of one."""
        entry = next((each for each in self.entries if each.matches(verdict)), None)
        if entry is None or verdict.verdict == "skip":
            return verdict
        self.used.add(entry)
        if verdict.verdict in FAILING:
            return replace(verdict, verdict="known", reason=f"{entry.reason} ({entry.date})")
        news = f"known to fail since {entry.date}, and it passes: take it out of known.yaml"
        return replace(verdict, verdict="fail", reason=news)

    def unmatched(self) -> Iterator[Verdict]:
        """A failure for each entry that no judged case met."""
        for entry in self.entries:
            if entry not in self.used:
                text = "no judged case meets this entry of known.yaml: take it out"
                seen = Observation(None, (), error=text)
                yield Verdict(
                    None, f"known:{entry}", "harness", "fail", ExpectedAnswer(None, ()), seen, reason=text
                )


def load_known(path: Path = KNOWN_FILE) -> KnownFailures:
    """The known failures of a file. Raises KnownError where it can't be read or an entry is not whole."""
    try:
        entries = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KnownFailuresError(
            f"{path.name}: can't be read as YAML: {' '.join(str(error).split())}"
        ) from None
    if not isinstance(entries, list):
        raise KnownFailuresError(
            f"{path.name}: holds {type(entries).__name__}, expected a list ([] for none)"
        )
    return KnownFailures(_known(path.name, number, entry) for number, entry in enumerate(entries, 1))


def _known(file: str, number: int, entry: Any) -> KnownFailure:
    where = f"{file}: entry {number}"
    if not isinstance(entry, dict) or not set(entry) <= set(_MEMBERS):
        raise KnownFailuresError(f"{where}: is {entry!r}, expected a mapping of {', '.join(_MEMBERS)}")
    if not set(entry) & set(_GLOBS):
        raise KnownFailuresError(f"{where}: speaks of every case, expected one of {', '.join(_GLOBS)}")
    globs = [entry.get(name, "*") for name in _GLOBS]
    reason, since = entry.get("reason"), entry.get("date")
    if not all(isinstance(text, str) and text for text in (*globs, reason)):
        raise KnownFailuresError(f"{where}: expected text in {', '.join(_GLOBS)} and a reason")
    if not isinstance(since, date):
        raise KnownFailuresError(f"{where}: date is {since!r}, expected a day such as 2026-01-31")
    rule, case, target = globs
    return KnownFailure(rule, case, target, str(reason), since)
