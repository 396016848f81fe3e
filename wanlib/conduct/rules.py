"""The rules of conduct for careful clients of a paid service, each with a statement and a source.

`wanlib explain client/never-pays-twice` prints one. `judge.py` applies them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wanlib.conduct.checks import (
    Checked,
    check_completeness,
    check_fetching,
    check_outcome,
    check_ownership,
    check_payment,
)
from wanlib.conduct.traffic import Traffic
from wanlib.conduct.waiting_checks import (
    check_back_off,
    check_dead_links,
    check_deadline,
    check_end,
    check_poll_interval,
    check_refusals,
    check_storage_keys,
    check_unknown,
    check_url_secrets,
)

PREFIX = "client/"
"""The prefix of the id of every rule of conduct."""

NEVER_PAID_TWICE = "one intent is never paid twice"
NO_DEAD_LINK = "no link is followed again after it has expired"
"""Statements that the lifecycle tests of the harness share."""


@dataclass(frozen=True, slots=True)
class ConductStatement:
    """The statement of a rule, independent of its check.

    Attributes:
        id: `client/` and a name.
        statement: What a client does.
        why: The consequence of doing otherwise.
        source: The id of a rule or fact of the spec, or a section of an RFC.
    """

    id: str
    statement: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class ConductRule(ConductStatement):
    """A rule that traffic shows.

    Attributes:
        check: Finds breaches in the traffic.
        needs_run: Whether only a run with a known order shows it, not the traffic alone.
        needs_books: Whether only the service's own books show it, not the responses alone.
        needs_keys: Whether only requests with their headers show it.
    """

    check: Callable[[Traffic], Checked]
    needs_run: bool = False
    needs_books: bool = False
    needs_keys: bool = False


_RULES = (
    ConductRule(
        "client/never-pays-twice",
        f"{NEVER_PAID_TWICE}: a create is sent again only if it cannot have been accepted",
        "the service accepts every create that arrives, and bills each",
        "RFC 9110, section 9.2.2",
        check_payment,
        needs_books=True,
    ),
    ConductRule(
        "client/fetches-what-it-paid-for",
        "the pictures of a task that has succeeded are fetched before their links expire",
        "pictures are billed when they are made, and cannot be fetched later",
        "task/links_expire",
        check_fetching,
    ),
    ConductRule(
        "client/keeps-all-pictures",
        "every picture of a response is fetched, in whichever member and container it is",
        "each picture is billed",
        "service/names.choice",
        check_completeness,
    ),
    ConductRule(
        "client/leaves-no-task",
        "a task that was accepted is followed to its end, or canceled",
        "a task is billed when it succeeds, with or without a client that waits for it",
        "task/outcomes",
        check_ownership,
    ),
    ConductRule(
        "client/reports-the-outcome",
        "a client reports success only with pictures, and a failure as a failure",
        "its caller continues without pictures, or pays for them again",
        "task/outcomes",
        check_outcome,
        needs_run=True,
        needs_books=True,
    ),
    ConductRule(
        "client/poll-interval",
        "after its first three polls, a task is polled at most once in the documented interval on average",
        "queries share the rate limit of the account, and a task takes minutes",
        "wire/polling",
        check_poll_interval,
    ),
    ConductRule(
        "client/stops-at-unknown",
        "a task that the service no longer knows is not polled again and again",
        "the id does not come back, so the wait never ends",
        "task/expires",
        check_unknown,
    ),
    ConductRule(
        "client/stops-at-the-end",
        "a task that has ended, however it ended, is not polled again and again",
        "the state no longer changes, so the wait never ends",
        "task/outcomes",
        check_end,
    ),
    ConductRule(
        "client/has-a-deadline",
        "every wait ends within a bounded time, also if the task never ends or no response arrives",
        "a task that never ends, or a connection without a response, blocks its caller",
        "wire/timeouts",
        check_deadline,
        needs_run=True,
    ),
    ConductRule(
        "client/backs-off",
        "after a response 429 or 503 a request is repeated after the time of Retry-After, or after a pause",
        "repeats add to the overload, and are refused",
        "RFC 9110, section 10.2.3",
        check_back_off,
    ),
    ConductRule(
        "client/accepts-refusals",
        "a call that is refused for good is not sent again unchanged",
        "it is refused again; what the code means is documented",
        "wire/errors",
        check_refusals,
        needs_run=True,
    ),
    ConductRule(
        "client/leaves-dead-links",
        f"{NO_DEAD_LINK}: the storage's refusal is final",
        "the link does not become valid again",
        "task/links_expire",
        check_dead_links,
    ),
    ConductRule(
        "client/no-secret-in-url",
        "the API key is sent in its header, never in a URL",
        "URLs are written to logs of servers and proxies",
        "wire/headers.Authorization",
        check_url_secrets,
        needs_keys=True,
    ),
    ConductRule(
        "client/no-key-to-storage",
        "the API key is sent only to the API, not with links to pictures or uploads",
        "the storage is another host, and its links are signed by themselves",
        "wire/headers.Authorization",
        check_storage_keys,
        needs_keys=True,
    ),
)
RULES: Mapping[str, ConductRule] = {rule.id: rule for rule in _RULES}
"""Every rule that traffic shows, by its id."""

NO_SECRET_IN_LOG = ConductStatement(
    "client/no-secret-in-log",
    "no API key, signed link or image is written to a log",
    "logs are kept for a long time, and read by people who must neither spend money nor see the images",
    "wire/headers.Authorization",
)
"""A rule that only the process of the client shows: the pytest plugin checks it."""

STATEMENTS: Mapping[str, ConductStatement] = {**RULES, NO_SECRET_IN_LOG.id: NO_SECRET_IN_LOG}
"""Every rule by its id."""
