"""Group the failures of a log by cause: the same rule with the same difference, or the same error.

A wrong limit fails dozens of cases, and a broken endpoint fails all of them; each is one cause.
`group_by_cause` finds the causes, `failure_text` describes one in at most twelve lines.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from wan_conformance.model import FAILING, Verdict
from wan_conformance.report.causes.requests import body_text, curl_command, replay_command
from wan_conformance.report.causes.vector_patch import apply_command, patch_path, vector_of
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.text import (
    case_words,
    describe_answer,
    describe_response,
    expected_words,
)
from wanlib.base.redaction import printable
from wanlib.base.text import quantity

_VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-fA-F]{16,}|\d{4,}|'\d+'")
"""The variable parts of messages about the same error: ids, digests, times, quoted numbers."""
_LINE = 400
"""Maximum length of a line of `failure_text`; commands are never cut."""

_Key = tuple[Any, ...]


@dataclass(frozen=True)
class FailureCause:
    """Failures that have the same cause.

    Attributes:
        rule: The rule at fault; None if the cause is an error in cases about several rules.
        verdicts: The failing verdicts, in the order of the log.
        smallest: The one whose body is the smallest, preferably one that can be repeated.
        run: The first line of the log.
    """

    rule: str | None
    verdicts: tuple[Verdict, ...]
    smallest: Verdict
    run: Mapping[str, Any] = field(repr=False)

    @cached_property
    def id(self) -> str:
        """Ten hex digits that are the same in every run in which the cause occurs."""
        return sha256(repr(_key(self.smallest, self.rule)).encode("utf-8", "replace")).hexdigest()[:10]

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets that fail, in the order of the log."""
        return tuple(dict.fromkeys(verdict.target for verdict in self.verdicts))

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules whose cases fail."""
        return tuple(dict.fromkeys(verdict.rule for verdict in self.verdicts if verdict.rule))

    @property
    def cases(self) -> int:
        """The number of cases that fail on at least one target."""
        return len({verdict.case for verdict in self.verdicts})

    @property
    def place(self) -> str | None:
        """`file:line` of the rule in the spec, or of the vector; None if neither is known.

        The rule is that of the smallest case if the cause is about several.
        """
        places: Mapping[str, str] = self.run.get("places", {})
        return places.get(self.rule or self.smallest.rule or "") or self.smallest.place

    @property
    def written(self) -> str | None:
        """The locations of the failing handwritten cases: `file:line, line; file:line`.

        None if there are none.
        """
        lines_by_file: dict[str, list[str]] = {}
        for place in dict.fromkeys(verdict.place for verdict in self.verdicts if verdict.place):
            file, _, line = place.rpartition(":")
            lines_by_file.setdefault(file, []).append(line)
        return "; ".join(f"{file}:{', '.join(lines)}" for file, lines in lines_by_file.items()) or None

    @property
    def limit(self) -> str:
        """The limit and the outcome of the rule, in words; empty if they are not known."""
        entry: Mapping[str, Any] = self.run.get("rules", {}).get(self.rule or "", {})
        return ", ".join(str(entry[name]) for name in ("limit", "outcome") if entry.get(name))

    @property
    def headline(self) -> str:
        """The problem, in one sentence without the targets."""
        expected, observed = self.smallest.expected, self.smallest.observed
        if observed.error is not None:
            return f"{'not judged: ' * self.smallest.is_unjudged}{printable(observed.error)}"
        if self.smallest.reason and expected.accepted in (None, observed.accepted):
            return printable(self.smallest.reason)
        if expected.accepted is not None and observed.accepted is not expected.accepted:
            return _ACCEPTANCE[bool(observed.accepted)]
        missing = sorted(set(expected.rules) - set(observed.rules))
        surplus = sorted(set(observed.rules) - set(expected.rules))
        parts = [f"does not name {printable(', '.join(missing))}"] if missing else []
        parts += [f"names {printable(', '.join(surplus))}, which is not violated"] if surplus else []
        return " and ".join(parts)

    @property
    def title(self) -> str:
        """The targets, their error, and the rule."""
        rule = f" ({printable(self.rule)})" if self.rule and self.rule not in self.headline else ""
        return f"{printable(', '.join(self.targets))}: {self.headline}{rule}"

    @cached_property
    def replay(self) -> str:
        """The command that runs just the smallest case on its target."""
        return replay_command(self.smallest, self.run)

    @cached_property
    def curl(self) -> str | None:
        """The request to the server, for a shell; None for other targets and for cases without a body."""
        return curl_command(self.smallest, self.run)

    @cached_property
    def vector(self) -> str | None:
        """The smallest case as an entry of a vector file; None if it cannot be one."""
        return vector_of(self.smallest, self.rule, self.id, self.run)

    def patch_in(self, folder: Path | None) -> Path | None:
        """Return the patch that adds the vector, in a folder with patches; None without folder or vector."""
        return None if folder is None or self.vector is None else patch_path(self.vector, folder)


_ACCEPTANCE = {True: "accepts what must be refused", False: "refuses what must be accepted"}


def group_by_cause(log: VerdictLog) -> list[FailureCause]:
    """Return the causes of all failures, those with the most cases first; unjudged rules are last."""
    failing = [verdict for verdict in log.verdicts if verdict.verdict in FAILING]
    tested = {verdict.rule for verdict in failing}
    groups: dict[_Key, list[Verdict]] = {}
    for verdict in failing:
        groups.setdefault(_key(verdict, _rule_at_fault(verdict, tested)), []).append(verdict)
    causes = [_cause(verdicts, tested, log.run) for verdicts in groups.values()]
    return sorted(causes, key=lambda cause: (cause.smallest.is_unjudged, -cause.cases))


def failure_text(cause: FailureCause, patch: Path | None = None) -> str:
    """Return a description of a cause in at most twelve lines.

    Args:
        cause: The cause.
        patch: The patch that adds the smallest case as a vector; None if there is none.
    """
    smallest = cause.smallest
    others, rule = len(cause.verdicts) - 1, cause.rule or smallest.rule
    more = f" and {quantity(others, 'more verdict')}" if others else ""
    lines = [
        f"{smallest.verdict.upper()} {cause.title}",
        *_labeled("rule", " · ".join(filter(None, (_rule_words(cause), cause.limit, cause.place)))),
        *_labeled("case", f"{case_words(smallest)}{more}"),
        *_labeled("body", "" if smallest.body is None else body_text(smallest)),
        *_labeled("expected", expected_words(smallest)),
        *_labeled("observed", describe_answer(smallest.observed)),
        *_labeled("answered", describe_response(smallest.observed)),
        *_labeled("details", f"wanlib explain {rule}" if rule else ""),
        *_labeled("repeat", cause.replay, is_uncut=True),
    ]
    if patch is not None:
        lines += _labeled("keep it", apply_command(patch, cause.run), is_uncut=True)
    if cause.written:
        lines += _labeled("written", cause.written, is_uncut=True)
    return "\n".join(lines)


def _rule_words(cause: FailureCause) -> str:
    if cause.rule is not None or not cause.rules:
        return cause.rule or ""
    return f"{len(cause.rules):,} rules, such as {cause.smallest.rule or cause.rules[0]}"


def _labeled(label: str, text: str, is_uncut: bool = False) -> list[str]:
    if not text:
        return []
    shown = printable(text)
    return [f"  {label:<9} {shown if is_uncut or len(shown) <= _LINE else shown[: _LINE - 1] + '…'}"]


def _cause(verdicts: list[Verdict], tested: Iterable[str | None], run: Mapping[str, Any]) -> FailureCause:
    smallest = min(verdicts, key=_effort)
    rules = {verdict.rule for verdict in verdicts}
    rule = _rule_at_fault(smallest, tested)
    if smallest.observed.error is not None and rules != {rule}:
        rule = None
    return FailureCause(rule, tuple(verdicts), smallest, run)


def _effort(verdict: Verdict) -> tuple[bool, bool, int]:
    """Return a sort key by which verdicts that are easy to understand and to repeat come first."""
    details = verdict.reproduction
    is_exact = details is not None and details.template is not None
    body = details.template if details is not None and is_exact else verdict.body
    return not is_exact, verdict.case.startswith("strategy:"), len(json.dumps(body))


def _rule_at_fault(verdict: Verdict, tested: Iterable[str | None]) -> str | None:
    """Return the rule that the difference is about.

    That is the rule of the case, unless the difference is about other rules. For a case about several rules,
    it is one that has its own failing cases, so that they become one cause.
    """
    differing = sorted(set(verdict.expected.rules) ^ set(verdict.observed.rules))
    if verdict.observed.error is not None or not differing or verdict.rule in differing:
        return verdict.rule
    return next((rule for rule in differing if rule in tested), differing[0])


def _key(verdict: Verdict, rule: str | None) -> _Key:
    """Return the key that the failures of one cause share."""
    expected, observed = verdict.expected, verdict.observed
    if observed.error is not None:
        return verdict.verdict, _VARYING.sub("…", observed.error or "")
    if expected.accepted is not None and expected.accepted is not observed.accepted and not observed.rules:
        return "fail", rule, expected.accepted, observed.accepted, verdict.reason
    missing = tuple(sorted(set(expected.rules) - set(observed.rules)))
    surplus = tuple(sorted(set(observed.rules) - set(expected.rules)))
    return "fail", rule, expected.accepted, observed.accepted, missing, surplus, verdict.reason
