"""Known failures: entries of a YAML file, each with a reason. One whose cases all pass fails the run.

`load_entries` reads any such file; each user passes a function that checks and converts one entry (its
schema): known failures of a run here, known violations of other clients in `lifecycle.schedules.known`,
declared differences from the official SDK in `parity.compare`, quality gates in `gates`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

import yaml

from wan_conformance.model import FAILING, ExpectedAnswer, Observation, Verdict
from wan_conformance.selection import Selection, has_wildcard
from wanlib.base.redaction import safe_repr
from wanlib.base.text import json_type
from wanlib.input_error import InputError
from wanlib.plain_yaml import YAML_ERRORS, YamlLoader, yaml_problem

KNOWN_FILE = Path(__file__).with_name("known.yaml")
_GLOBS = ("rule", "case", "target")
_MEMBERS = (*_GLOBS, "reason", "date")
_MIN_REASON = 10  # characters; a shorter text explains nothing

Entry = TypeVar("Entry")


class EntryFileError(InputError, ValueError):
    """A file with a list of entries is invalid: `file: entry n: problem, expected ...`."""


def load_entries(path: Path, convert: Callable[[Any], Entry]) -> list[Entry]:
    """Return the entries of a YAML file that holds a list.

    Args:
        path: The file.
        convert: The schema of an entry: returns the entry in its own type, or raises ValueError with a
            message that states the problem and what is expected.

    Raises:
        EntryFileError: The file is unreadable, not a list, or one of its entries is wrong.
    """
    try:
        entries = yaml.load(path.read_text("utf-8"), YamlLoader)
    except OSError as error:
        raise EntryFileError(f"{path.name}: can't be read: {error.strerror}") from None
    except YAML_ERRORS as error:
        message = f"{path.name}: can't be read as YAML: {yaml_problem(error)}"
        raise EntryFileError(message) from None
    if not isinstance(entries, list):
        message = f"{path.name}: holds {json_type(entries)}, expected a list ([] for none)"
        raise EntryFileError(message)
    return [_converted(convert, entry, f"{path.name}: entry {n}") for n, entry in enumerate(entries, 1)]


def _converted(convert: Callable[[Any], Entry], entry: Any, place: str) -> Entry:
    try:
        return convert(entry)
    except ValueError as error:
        raise EntryFileError(f"{place}: {error}") from None


def parse_reason(entry: dict[str, Any]) -> str:
    """Return the reason of an entry on one line. Raises ValueError if there is none or it is too short."""
    reason = entry.get("reason")
    if not isinstance(reason, str) or len(reason) < _MIN_REASON:
        raise ValueError(
            f"reason is {safe_repr(reason)}, expected a text of at least {_MIN_REASON} characters"
        )
    return " ".join(reason.split())


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One known failure of a run.

    Attributes:
        rule: A glob over the rule id, which is empty for a case that tests no single rule.
        case: A glob over the case id.
        target: A glob over the name of the target.
        reason: Why it fails, and where this is tracked.
        date: The day on which it was added.
        file: The name of the file that lists it.
        is_own: Whether the file was named for this run, not packaged.
    """

    rule: str
    case: str
    target: str
    reason: str
    date: date
    file: str = KNOWN_FILE.name
    is_own: bool = False

    def matches(self, verdict: Verdict) -> bool:
        """Return whether the entry is about this verdict."""
        return (
            fnmatchcase(verdict.rule or "", self.rule)
            and fnmatchcase(verdict.case, self.case)
            and fnmatchcase(verdict.target, self.target)
        )

    def is_within(self, selection: Selection) -> bool:
        """Return whether a selection has all cases of the entry, on the selected targets."""
        if selection.models or selection.cases:
            return False
        return selection.has_all_cases or (not has_wildcard(self.rule) and selection.has_rule(self.rule))

    def __str__(self) -> str:
        return f"{self.rule} {self.case} {self.target}"


class KnownFailures:
    """The known failures of a run, and which of them a verdict has matched.

    Attributes:
        entries: The known failures.
    """

    def __init__(self, entries: Iterable[KnownFailure] = ()) -> None:
        self.entries = tuple(entries)
        self._judged: set[KnownFailure] = set()
        self._failed: set[KnownFailure] = set()

    def apply(self, verdict: Verdict) -> Verdict:
        """Return the verdict: `known` if it fails and matches an entry, otherwise unchanged.

        An entry about a rule also matches the cases of the rule that pass.
        """
        entry = next((entry for entry in self.entries if entry.matches(verdict)), None)
        if entry is None or verdict.verdict == "skip":
            return verdict
        self._judged.add(entry)
        if verdict.verdict not in FAILING:
            return verdict
        self._failed.add(entry)
        return replace(verdict, verdict="known", reason=f"{entry.reason} ({entry.date})")

    def outdated(
        self, targets: Collection[str], selection: Selection, is_complete: bool = True
    ) -> Iterator[Verdict]:
        """Yield a failing verdict for each entry without a failing case, if the run has all of its cases.

        Args:
            targets: The names of the targets of the run. The run has the cases of an entry of an own file if
                it names one of them.
            selection: The cases of the run.
            is_complete: Whether no case and no target was left out; else packaged entries are not checked.
        """
        for entry in self.entries:
            is_named = any(fnmatchcase(target, entry.target) for target in targets)
            has_cases = is_named and entry.is_within(selection) if entry.is_own else is_complete
            is_exact_case = entry in self._judged and not has_wildcard(entry.case)
            if entry in self._failed or not (has_cases or is_exact_case):
                continue
            if entry in self._judged:
                reason = f"known to fail since {entry.date}, but no case fails: remove it from {entry.file}"
            else:
                reason = f"no judged case matches this entry of {entry.file}: remove it"
            observed, expected = Observation(None, (), error=reason), ExpectedAnswer(None, ())
            yield Verdict(None, f"known:{entry}", "harness", "fail", expected, observed, reason=reason)


def load_known(own: Iterable[Path] = (), packaged: Path = KNOWN_FILE) -> KnownFailures:
    """Return the known failures of files.

    Args:
        own: Files that were named for this run; their entries come first.
        packaged: The file of this project.

    Raises:
        EntryFileError: A file is unreadable or an entry is incomplete.
    """
    entries = [
        replace(entry, file=path.name, is_own=True)
        for path in own
        for entry in load_entries(path, _known_failure)
    ]
    return KnownFailures([*entries, *load_entries(packaged, _known_failure)])


def _known_failure(entry: Any) -> KnownFailure:
    if not isinstance(entry, dict) or not set(entry) <= set(_MEMBERS):
        raise ValueError(f"is {safe_repr(entry)}, expected a mapping of {', '.join(_MEMBERS)}")
    if not set(entry) & set(_GLOBS):
        raise ValueError(f"matches every case, expected at least one of {', '.join(_GLOBS)}")
    globs = [entry.get(name, "*") for name in _GLOBS]
    reason, since = entry.get("reason"), entry.get("date")
    if not all(isinstance(text, str) and text for text in (*globs, reason)):
        raise ValueError(f"expected text in {', '.join(_GLOBS)} and a reason")
    if not isinstance(since, date):
        raise ValueError(f"date is {safe_repr(since)}, expected a day such as 2026-01-31")
    rule, case, target = globs
    return KnownFailure(rule, case, target, str(reason), since)
