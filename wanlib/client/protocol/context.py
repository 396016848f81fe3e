"""`ClientContext`: the state that all steps of one client share."""

import logging
import os
import re
from collections.abc import Mapping
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from wanlib.base.api_tables import ApiTables
from wanlib.base.clock import Clock
from wanlib.base.redaction import Secret, safe_repr
from wanlib.client.http.messages import Request
from wanlib.client.protocol.budget import Budget
from wanlib.client.protocol.live_calls import LiveCalls
from wanlib.client.protocol.service_clock import ServiceClock
from wanlib.client.protocol.settings import RESPONSE_TIMEOUT, Settings, resolve_settings
from wanlib.client.protocol.timing import Backoff, Deadline, RateLimiter
from wanlib.client.protocol.usage import UsageGuard
from wanlib.errors import InvalidArgumentError, JournalError

if TYPE_CHECKING:
    from wanlib.client.journal.journal import Journal
    from wanlib.client.journal.leases import LeaseOwner

TIMEOUT = 900.0
"""The total timeout of a call in seconds, including the wait for its task; chosen by this client, not
documented by the service."""
MAX_RETRIES = 4
"""How often a request is sent again; chosen by this client, not documented by the service."""
_MAX_TIMEOUT = 1e9
_MIN_POLL_INTERVAL, _MAX_POLL_INTERVAL = 0.1, 3600.0  # seconds
_MAX_RETRIES_ALLOWED = 100

LOG = logging.getLogger("wanlib")


class ClientContext(NamedTuple):
    """State shared by all steps of one client.

    Attributes:
        api: The tables of the API.
        settings: Address and key.
        clock: Source of time.
        random: Source of jitter, passed in so that a run can be repeated.
        budget: The spending limit of the client.
        rate_limiters: By call.
        submit_limiters: By model, for models whose calls were refused for their rate.
        service_clock: The known offset of the service's clock.
        live_calls: The calls of this client that are not finished.
        journal: The journal, which fails at once if another process holds it; None if there is none.
        lease_owner: The identity of this client in the leases of the journal; None without a journal.
        usage: Refuses calls on a closed client, and in a forked process.
        poll_interval: The longest interval between two polls of a task, in seconds.
        timeout: The total timeout of a call in seconds.
        max_retries: How often a request is sent again.
    """

    api: ApiTables
    settings: Settings
    clock: Clock
    random: Random
    budget: Budget
    rate_limiters: Mapping[str, RateLimiter]
    submit_limiters: dict[str, RateLimiter]
    service_clock: ServiceClock
    live_calls: LiveCalls
    journal: "Journal | None"
    lease_owner: "LeaseOwner | None"
    usage: UsageGuard
    poll_interval: float
    timeout: float = TIMEOUT
    max_retries: int = MAX_RETRIES

    @property
    def attempts(self) -> int:
        """The maximum number of attempts to send one request, including the first."""
        return 1 + self.max_retries

    def with_retries(self, max_retries: int | None) -> "ClientContext":
        """Return the context of a call with its own `max_retries`; None means that of the client.

        Raises:
            InvalidArgumentError: It is not a valid number.
        """
        if max_retries is None:
            return self
        return self._replace(max_retries=_validate_max_retries(max_retries))

    def deadline(self, timeout: float | None) -> Deadline:
        """Return the deadline that is `timeout` seconds from now; None means the client's own timeout.

        Raises:
            InvalidArgumentError: It is not a valid number of seconds.
        """
        seconds = self.timeout if timeout is None else validate_timeout(timeout)
        return Deadline(self.clock.now() + seconds, self.clock.now)

    def backoff(self) -> Backoff:
        """Return the waits between attempts, which double from a second to the advised poll interval."""
        return Backoff(1.0, self.api.max_poll_interval, self.random)

    def request(
        self,
        call: str,
        deadline: Deadline,
        query: Mapping[str, str | int] | None = None,
        task_id: str | None = None,
        *,
        reuse: bool = False,
    ) -> Request:
        """Return a request without a body. Raise InvalidArgumentError for an invalid task id.

        Args:
            call: The key of its path in the tables of the API.
            deadline: The end of the call that it belongs to.
            query: The query of the URL. None for none.
            task_id: The task that the path names. None if it names none.
            reuse: Whether a connection of an earlier exchange may be used.
        """
        method, path = self.api.paths[call]
        if "{task_id}" in path:
            path = path.replace("{task_id}", self.validate_task_id(task_id))
        url = self.settings.base_url + path + (f"?{urlencode(query)}" if query else "")
        return Request(
            method,
            url,
            self.settings.headers(self.api, call),
            None,
            min(RESPONSE_TIMEOUT, max(deadline.remaining, 0.001)),
            reuse=reuse and method == "GET",
        )

    def validate_task_id(self, task_id: object) -> str:
        """Return a task id that may enter a URL. Raise InvalidArgumentError."""
        if not isinstance(task_id, str) or not re.fullmatch(self.api.task_id, task_id, re.ASCII):
            allowed = f"what `submit` returned, {self.api.task_id}"
            raise InvalidArgumentError(f"task id is {safe_repr(task_id)}; allowed: {allowed}")
        return task_id

    def close(self) -> None:
        """Release the remaining leases of the journal and close it. A failure is only logged."""
        if self.journal is None or self.lease_owner is None:
            return
        actions = [self.journal.close]
        if self.lease_owner.is_used:
            actions.insert(0, partial(self.journal.release_leases, self.lease_owner.mark))
        for action in actions:
            try:
                action()
            except JournalError as error:
                LOG.warning("%s", error)
        self.lease_owner.release()


def create_context(
    api: ApiTables,
    *,
    api_key: Secret | None,
    region: str | None,
    workspace: str | None,
    base_url: str | None,
    budget: object,
    journal: object,
    clock: Clock,
    random: Random,
    poll_interval: float | None = None,
    timeout: float = TIMEOUT,
    max_retries: int = MAX_RETRIES,
) -> ClientContext:
    """Create the context of a client with these settings.

    Raises:
        ConfigurationError: A key, region, workspace or URL is missing or unusable.
        InvalidArgumentError: An argument has a value that is not allowed.
        JournalError: The journal cannot be opened.
    """
    settings = resolve_settings(api, api_key, region, workspace, base_url)
    rate_limiters = {call: RateLimiter(rate) for call, rate in api.rates.items()}
    max_retries = _validate_max_retries(max_retries)
    interval = api.max_poll_interval if poll_interval is None else _validate_poll_interval(poll_interval)
    seconds, client_budget = validate_timeout(timeout), Budget(budget)
    journal, lease_owner = _open_journal(journal)  # last: it creates a file
    return ClientContext(
        api,
        settings,
        clock,
        random,
        client_budget,
        rate_limiters,
        {},
        ServiceClock(),
        LiveCalls(api.life.expires_after),
        journal,
        lease_owner,
        UsageGuard(),
        interval,
        seconds,
        max_retries,
    )


def validate_timeout(timeout: object) -> float:
    """Return a number of seconds. Raise InvalidArgumentError."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < _MAX_TIMEOUT:
        limits = f"more than 0 and less than {_MAX_TIMEOUT:,.0f}"
        raise InvalidArgumentError(f"timeout is {safe_repr(timeout)}; allowed: seconds, {limits}")
    return float(timeout)


def _validate_max_retries(count: object) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= _MAX_RETRIES_ALLOWED:
        raise InvalidArgumentError(
            f"max_retries is {safe_repr(count)}; allowed: an integer from 0 to {_MAX_RETRIES_ALLOWED}"
        )
    return count


def _validate_poll_interval(interval: object) -> float:
    if (
        isinstance(interval, bool)
        or not isinstance(interval, int | float)
        or not _MIN_POLL_INTERVAL <= interval <= _MAX_POLL_INTERVAL
    ):
        limits = f"from {_MIN_POLL_INTERVAL} to {_MAX_POLL_INTERVAL:,.0f}"
        raise InvalidArgumentError(f"poll_interval is {safe_repr(interval)}; allowed: seconds, {limits}")
    return float(interval)


def check_flags(**flags: object) -> None:
    """Raise InvalidArgumentError for a value that is neither True nor False."""
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise InvalidArgumentError(f"{name} is {safe_repr(value)}; allowed: True or False")


def _open_journal(journal: Any) -> "tuple[Journal, LeaseOwner] | tuple[None, None]":
    """Return the journal at a path, or one that is open. Raise JournalError, InvalidArgumentError."""
    if journal is None:
        return None, None
    from wanlib.client.journal.journal import Journal
    from wanlib.client.journal.leases import LeaseOwner

    if isinstance(journal, str | os.PathLike):
        journal = Journal(journal)
    if isinstance(journal, Journal):
        return journal.without_waiting(), LeaseOwner(journal.path)
    raise InvalidArgumentError(f"journal is {safe_repr(journal)}; allowed: the path of a file")
