"""The temporary upload: images go to the vendor's store, and calls name them as `oss://`."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from wanlib.runtime.again import again
from wanlib.runtime.answer import is_vendor_error, problem
from wanlib.runtime.context import Context
from wanlib.runtime.effects import Protocol, Send, Together
from wanlib.runtime.errors import InvalidRequest, Unreachable
from wanlib.runtime.exchange import Request, Trouble
from wanlib.runtime.multipart import make_form
from wanlib.runtime.policy import Policy, read_policy
from wanlib.runtime.retry import Deadline
from wanlib.runtime.source import Source
from wanlib.runtime.store import refusal

T = TypeVar("T")

LONGEST = 600.0
"""Seconds that one file may take: 20 MB over a slow line."""
WIDTH = 4
"""Uploads at once."""


def upload(
    context: Context, model: str, sources: Sequence[Source], deadline: Deadline
) -> Protocol[list[str]]:
    """Uploads images side by side -> their `oss://` URLs, in order; good for calls of this model alone.

    The store never sees the key or a name of the user's. Raises a WanError; what was uploaded till then
    costs nothing.
    """
    uploads = _Uploads(context, model, deadline)
    yield from uploads.tried(uploads.policy)  # once for all, before they start
    found = yield Together([uploads.one(source) for source in sources], WIDTH)
    for each in found:
        if isinstance(each, Exception):
            raise each
    return list(found)


class _Uploads:
    """The uploads of one call, with the policy that they share."""

    def __init__(self, context: Context, model: str, deadline: Deadline) -> None:
        self._context, self._model, self._deadline = context, model, deadline
        self._policy: Policy | None = None

    def policy(self) -> Protocol[Policy]:
        """The policy at hand, or a new one where there is none that still holds; one try."""
        policy = self._policy
        if policy is None or self._context.clock.now() >= policy.renew_at:
            policy = self._policy = yield from self._get_policy()
        return policy

    def one(self, source: Source) -> Protocol[str]:
        """Uploads one image -> its URL."""
        return self.tried(partial(self._post, source))

    def tried(self, step: Callable[[], Protocol[T]]) -> Protocol[T]:
        """What a step returns, tried again where that may help."""
        return again(step, "an upload", self._context.attempts, self._context.backoff(), self._deadline)

    def _get_policy(self) -> Protocol[Policy]:
        asked_at = self._context.clock.now()  # the policy may be as old as its request
        names = self._context.api.names.policy_query
        told = {names.action: self._context.api.upload.action, names.model: self._model}
        request = self._context.request("policy", self._deadline, told)
        try:
            reply = yield Send(request)
        except Trouble as trouble:
            raise Unreachable(f"no upload policy from the service: {trouble}") from None
        if is_vendor_error(self._context.api, reply) or not 200 <= reply.status < 300:
            raise problem(self._context.api, reply, self._context.clock.wall())
        # A store without TLS, as an emulator's is, is let pass where the service itself is near.
        private = self._context.settings.private
        return read_policy(self._context.api, reply, asked_at, plain_ok=private)

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
            return f"{self._context.api.upload.scheme}://{key}"
        if reply.status in self._context.api.upload.retry_statuses and self._policy is policy:
            self._policy = None
        raise refusal(self._context.api, reply, source.argument)

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
