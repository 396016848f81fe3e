"""The temporary upload: images go to the vendor's store, and calls name them as `oss://`."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import TypeVar

from wanlib.runtime.answer import is_vendor_error, problem
from wanlib.runtime.clock import Clock
from wanlib.runtime.effects import Protocol, Send, Sleep, Together
from wanlib.runtime.errors import (
    DeadlineExceeded,
    InvalidRequest,
    RateLimited,
    Unreachable,
)
from wanlib.runtime.exchange import Request, Trouble
from wanlib.runtime.multipart import make_form
from wanlib.runtime.policy import Policy, read_policy
from wanlib.runtime.query import PASSING
from wanlib.runtime.retry import Backoff, Deadline
from wanlib.runtime.source import Source
from wanlib.runtime.store import refusal
from wanlib.runtime.tables import Api

T = TypeVar("T")
Ask = Callable[[str, Mapping[str, str]], Request]
"""(call, query) -> the request for it, with the key."""

TRIES = 3
"""Tries of one upload or one policy, the first among them: neither costs anything."""
LONGEST = 600.0
"""Seconds that one file may take: 20 MB over a slow line."""


def upload(
    api: Api,
    model: str,
    sources: Sequence[Source],
    ask: Ask,
    clock: Clock,
    *,
    width: int = 4,
    plain_ok: bool = False,
    deadline: Deadline | None = None,
    random: Random | None = None,
) -> Protocol[list[str]]:
    """Uploads images side by side -> their `oss://` URLs, in order; good for calls of this model alone.

    width: how many at once. plain_ok: whether the store may be one without TLS, as an emulator's is.
    deadline: nothing goes on after it. random: for the waits between tries. The store never sees the
    key or a name of the user's. Raises a WanError; what was uploaded till then costs nothing.
    """
    deadline = deadline or Deadline(clock.now() + LONGEST * max(1, len(sources)), clock.now)
    backoff = Backoff(1.0, api.gap, random or Random())
    uploads = _Uploads(api, model, ask, clock, plain_ok, deadline, backoff)
    if not sources:
        return []
    yield from uploads.tried(uploads.policy)  # once for all, before they start
    found = yield Together([uploads.one(source) for source in sources], width)
    for each in found:
        if isinstance(each, Exception):
            raise each
    return list(found)


class _Uploads:
    """The uploads of one call, with the policy that they share."""

    def __init__(
        self,
        api: Api,
        model: str,
        ask: Ask,
        clock: Clock,
        plain_ok: bool,
        deadline: Deadline,
        backoff: Backoff,
    ) -> None:
        self._api, self._model, self._ask, self._clock = api, model, ask, clock
        self._plain_ok, self._deadline, self._backoff = plain_ok, deadline, backoff
        self._policy: Policy | None = None

    def policy(self) -> Protocol[Policy]:
        """The policy at hand, or a new one where there is none that still holds; one try."""
        policy = self._policy
        if policy is None or self._clock.now() >= policy.renew_at:
            policy = self._policy = yield from self._get_policy()
        return policy

    def one(self, source: Source) -> Protocol[str]:
        """Uploads one image -> its URL."""
        return self.tried(partial(self._post, source))

    def tried(self, step: Callable[[], Protocol[T]]) -> Protocol[T]:
        """What a step returns, tried again where that may help."""
        for tries in range(1, TRIES + 1):
            try:
                return (yield from step())
            except PASSING as error:
                if tries == TRIES:
                    raise
                asked = error.retry_after if isinstance(error, RateLimited) else None
                wait = self._backoff.wait(tries, asked)
                if not self._deadline.allows(wait):
                    raise DeadlineExceeded(f"the time is up; the last upload failed: {error}") from error
            yield Sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _get_policy(self) -> Protocol[Policy]:
        asked_at = self._clock.now()  # the policy may be as old as its request
        request = self._ask("policy", {"action": "getPolicy", "model": self._model})
        try:
            reply = yield Send(request)
        except Trouble as trouble:
            raise Unreachable(f"no upload policy from the service: {trouble}") from None
        if is_vendor_error(reply) or not 200 <= reply.status < 300:
            raise problem(self._api, reply, wall=self._clock.wall())
        return read_policy(self._api, reply, asked_at, plain_ok=self._plain_ok)

    def _post(self, source: Source) -> Protocol[str]:
        policy = yield from self.policy()
        _fits(source, policy)
        # A key of its own for each try: two files may have one name, and a cut try may have arrived.
        name = os.urandom(16).hex() + (f".{source.facts.format}" if source.facts.format else "")
        key = f"{policy.folder}/{name}"
        try:
            reply = yield Send(self._request(policy, key, name, source))
        except Trouble as trouble:
            raise Unreachable(f"{source.argument} could not be uploaded: {trouble}") from None
        if 200 <= reply.status < 300:
            return f"oss://{key}"
        if reply.status == 403 and self._policy is policy:
            self._policy = None
        raise refusal(reply, source.argument)

    def _request(self, policy: Policy, key: str, name: str, source: Source) -> Request:
        form = make_form(policy.form(key), policy.order[-1], name, source)
        headers = {"Content-Type": form.media_type, "Content-Length": str(form.content.length)}
        timeout = min(LONGEST, max(self._deadline.left, 0.001))
        return Request("POST", policy.host, headers, form.content, timeout)


def _fits(source: Source, policy: Policy) -> None:
    if policy.most_bytes is not None and source.size > policy.most_bytes:
        raise InvalidRequest(
            f"{source.argument} has {source.size:,} bytes; an upload for this model may have "
            f"{policy.most_bytes:,}: make it smaller, or give its http(s) link"
        )
