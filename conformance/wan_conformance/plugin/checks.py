"""The checks of a test's conduct: the rules of `wanlib.conduct`, and checks beyond its record.

Only this module checks the logs of a test, and detects an endless loop.
"""

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import pytest

from wanlib.base.redaction import printable
from wanlib.base.text import did_you_mean
from wanlib.conduct.judge import judge, source_place
from wanlib.conduct.record import TrafficRecord
from wanlib.conduct.rules import NO_SECRET_IN_LOG, PREFIX, RULES, ConductStatement
from wanlib.conduct.terms import read_terms
from wanlib.emulator import Emulator
from wanlib.spec import Spec

HAS_A_DEADLINE = "client/has-a-deadline"
CHECKS = tuple(rule.id for rule in RULES.values() if not rule.needs_run)
"""The rules of conduct that the record of a test shows."""

_MANY = 300
"""Equal requests after which a loop is examined; a wait of nearly an hour has fewer."""
_MEASURED = 0.9  # share of the documented interval that is enough: requests take time
_MAX_STORY = 8
_MAX_FINDINGS = 3
_IMAGE = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/]{48}")


def check_names(names: Iterable[object]) -> frozenset[str]:
    """Return the ids of checks, which can be named with or without `client/`.

    An unknown name fails the test.
    """
    known = sorted({*CHECKS, NO_SECRET_IN_LOG.id, HAS_A_DEADLINE})
    ids = set()
    for name in names:
        text = str(name).strip()
        rule = text if text.startswith(PREFIX) else PREFIX + text
        if rule not in known:
            listed = ", ".join(check.removeprefix(PREFIX) for check in known)
            message = f"no check {text[:80]!r} to ignore{did_you_mean(rule, known)}; the checks: {listed}"
            pytest.fail(message, pytrace=False)
        ids.add(rule)
    return frozenset(ids)


class SecretLogHandler(logging.Handler):
    """Find keys, signed links and images in log records.

    It sees the records of every logger: a program under test may replace the handlers of the root logger, and
    its loggers need not propagate to it.

    Attributes:
        found: A line for each kind of secret and logger.
    """

    def __init__(self, key: str, signature: str) -> None:
        """Create the handler.

        Args:
            key: The API key.
            signature: The name of the query parameter that signs a link.
        """
        super().__init__(logging.NOTSET)
        self.found: list[str] = []
        self._key = key
        self._link = re.compile(rf"https?://\S+\b{re.escape(signature)}=\w+")

    @contextmanager
    def attached(self) -> Iterator[None]:
        """See all records that loggers pass to their handlers, also those without one."""
        call_handlers = logging.Logger.callHandlers

        def seen(logger: logging.Logger, record: logging.LogRecord) -> None:
            self.handle(record)
            call_handlers(logger, record)

        logging.Logger.callHandlers = seen  # type: ignore[assignment, method-assign]
        try:
            yield
        finally:
            logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign]

    def emit(self, record: logging.LogRecord) -> None:
        """Check one record, formatted with its exception."""
        text = self.format(record)
        kinds = {
            "the API key": self._key in text,
            "a signed link": self._link.search(text),
            "an image in base64": _IMAGE.search(text),
        }
        for kind in (kind for kind, is_found in kinds.items() if is_found):
            line = f"the logger {record.name!r} wrote {kind} at level {record.levelname}"
            if line not in self.found:
                self.found.append(line)


class LoopGuard:
    """Stop an endless loop of requests.

    A wait without a deadline repeats a request, too often to be a wait or longer than a task can live.
    """

    def __init__(self, emulator: Emulator, is_checked: bool) -> None:
        """Create the guard of one emulator; `is_checked` is False if the check is switched off."""
        self._clock = emulator.clock
        self._is_checked = is_checked
        self._interval = read_terms(emulator.spec).min_poll_interval
        self._lifetime = emulator.lifecycle.task_lifetime
        self._counts: Counter[str] = Counter()
        self._first: dict[str, float] = {}

    def __call__(self, path: str) -> None:
        """Count a request that is about to be sent. Fails the test at one too many."""
        if not self._is_checked:
            return
        now = self._clock.wall()
        passed = now - self._first.setdefault(path, now)
        self._counts[path] += 1
        if self._counts[path] > _MANY and not _MEASURED * self._interval * _MANY < passed < self._lifetime:
            self._fail(path, f"{self._counts[path]:,} times in {passed:,.0f} s")

    def _fail(self, path: str, often: str) -> NoReturn:
        pytest.fail(
            f"{HAS_A_DEADLINE}: {printable(path)} was requested {often}.\n"
            "  Wait with task.wait(timeout=...), or let time pass with wan_emulator.advance(...).\n"
            f"  {how_to_ignore(HAS_A_DEADLINE)}",
            pytrace=False,
        )


def conduct_findings(record: TrafficRecord, spec: Spec, ignored: Collection[str]) -> Iterator[str]:
    """Yield a text of at most twelve lines for each breach of a rule of conduct.

    Args:
        record: The record of the emulator.
        spec: The facts by which conduct is judged.
        ignored: The ids of the rules that are switched off.
    """
    report = judge(record, spec, rules=[rule for rule in CHECKS if rule not in ignored])
    for verdict in report.verdicts:
        rule = RULES[verdict.rule]
        for finding in verdict.findings[:_MAX_FINDINGS]:
            lines = [rule.statement, f"source: {_source(rule, spec)}", *_shortened(finding.story)]
            yield "\n  ".join([str(finding), *lines, how_to_ignore(rule.id)])
        if len(verdict.findings) > _MAX_FINDINGS:
            yield f"{rule.id}: {len(verdict.findings) - _MAX_FINDINGS} more"


def log_findings(log: SecretLogHandler, spec: Spec, ignored: Collection[str]) -> Iterator[str]:
    """Yield a text on the secrets in log records, if there are any and the check is not switched off."""
    rule = NO_SECRET_IN_LOG
    if log.found and rule.id not in ignored:
        lines = [rule.statement, f"source: {_source(rule, spec)}", *log.found]
        yield "\n  ".join([f"{rule.id}: a log has secrets", *lines, how_to_ignore(rule.id)])


def _source(rule: ConductStatement, spec: Spec) -> str:
    """Return the source of a rule, with its file and line if the spec has it."""
    place = source_place(rule, spec)
    return rule.source if place == rule.source else f"{rule.source}, {place}"


def _shortened(story: Sequence[str]) -> Sequence[str]:
    if len(story) <= _MAX_STORY:
        return story
    half = _MAX_STORY // 2
    return [*story[:half], "…", *story[-half + 1 :]]


def how_to_ignore(rule: str) -> str:
    """Return the advice on how to switch off a check."""
    name = rule.removeprefix(PREFIX)
    mark = f"@pytest.mark.wan(ignore={name!r})"
    return f"Switch this check off with {mark}, or with wan_ignore = {name} in the ini file."
