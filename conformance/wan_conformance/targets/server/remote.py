"""A server at a URL: reach it, and check its address, the key, and the header for asynchronous calls.

A problem of the server as a whole is reported once, by one of three checks, with the response of the server.
The other cases are judged anyway. The probes cost nothing: no server accepts their empty body.
"""

import weakref
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import httpx

from wan_conformance.errors import RunFailedError
from wan_conformance.model import Observation, TaskCheck
from wan_conformance.targets.server.network import RemoteConnection, RunOverError
from wan_conformance.targets.server.response_checks import (
    NotJudgedError,
    describe_response,
    is_about,
    member,
    observe_check,
)
from wan_conformance.targets.server.server import ApiServer, ResponseProblemError, ServerResponse
from wanlib.base.redaction import safe_repr
from wanlib.base.urls import get_host, is_private
from wanlib.spec import Spec

RUN_SECONDS = 14_400.0
"""Seconds for which a run sends requests to a server, unless its options state another time."""


class ServerUnreachableError(RunFailedError):
    """The server cannot be judged at all; one line says why."""


def remote_server(
    spec: Spec, base_url: str, key: str | None, *, run_seconds: float = RUN_SECONDS
) -> ApiServer:
    """Return a server at a URL.

    Args:
        spec: The spec.
        base_url: The URL.
        key: The API key; None for a server that checks none.
        run_seconds: Seconds from now after which nothing more is sent.

    Raises:
        ServerUnreachableError: The server does not respond.
    """
    try:
        connection = RemoteConnection(base_url, run_seconds)
        is_near = is_private(get_host(base_url) or "")
        server = ApiServer(
            spec, connection.send, base_url, *([key] if key else []), pays=True, is_near=is_near
        )
        weakref.finalize(server, connection.close)
        server.probe()
    except ResponseProblemError as problem:
        if isinstance(problem, RunOverError):
            raise ServerUnreachableError(f"{safe_repr(base_url)} was not asked: {problem}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = _reason(str(error))
        raise ServerUnreachableError(f"{safe_repr(base_url)} can't be reached: {reason}") from None
    return server


def _reason(text: str) -> str:
    """Return the cause of a failed connection, in the usual words."""
    if "CERTIFICATE" in text or "SSL" in text or "TLS" in text:
        return f"TLS failure: {text}"
    if "gaierror" in text:
        return f"no such host: {text}"
    return text


def server_checks(spec: Spec) -> Iterator[TaskCheck]:
    """Yield the checks of a server as a whole, by the first model that has a call of their kind."""
    for name, call in (("address", ""), ("key", ""), ("async_header", "async")):
        models = [model for model in spec.models if not call or call in spec.calls(model)]
        if models:
            yield TaskCheck(f"server:{name}", name, models[0])


class ServerProbe:
    """Performs the checks of a server as a whole.

    Args:
        spec: The spec.
        server: The server.
    """

    def __init__(self, spec: Spec, server: ApiServer) -> None:
        self._spec = spec
        self._server = server
        self._key_header, self._async_header = _header_names(spec)

    def perform(self, check: TaskCheck) -> Observation:
        """Return the result of a check: accepted, an error, or a skip with the reason."""
        return observe_check(lambda: CHECKS[check.name](self))

    def check_address(self) -> None:
        """Check that the API is at the address: an empty body is refused with JSON that has a code."""
        reply = self._server.probe()
        if self._is_api(reply):
            return
        at, text = safe_repr(self._server.base_url), describe_response(reply)
        if 300 <= reply.status < 400:
            raise ResponseProblemError(f"{at} redirects ({text}): pass the address to which it redirects")
        if other := self._other_base():
            raise ResponseProblemError(f"{at} answers {text}; the API answers at {safe_repr(other)}")
        if reply.status == HTTPStatus.NOT_FOUND:
            raise ResponseProblemError(f"the API is not at {at}: it answers {text}")
        raise ResponseProblemError(
            f"{at} answers {text} to an empty body, expected a refusal from 400 to 499 in JSON, with a code"
        )

    def check_key(self) -> None:
        """Check that the key arrives and is accepted."""
        reply = self._api_response()
        if not self._is_refused_key(reply):
            return
        text = describe_response(reply)
        if self._has_wording(reply, "no_key"):
            raise ResponseProblemError(f"the header {self._key_header} does not arrive: {text}")
        if self._server.shared_call("list", "page_no=1").status == 200:
            raise ResponseProblemError(f"the key is accepted for the list, not for this call: {text}")
        if describe_response(self._server.probe(self._key_header)) == text:
            text += ", as without a key"
        raise ResponseProblemError(f"the key is refused: {text}; pass another one with --api-key-env")

    def check_async_header(self) -> None:
        """Check that the header for asynchronous calls arrives."""
        reply = self._api_response()
        if self._has_wording(reply, "no_sync"):
            raise ResponseProblemError(
                f"the header {self._async_header} does not arrive: {describe_response(reply)}"
            )
        if self._is_refused_key(reply):
            raise NotJudgedError("the key is refused")

    def _api_response(self) -> ServerResponse:
        reply = self._server.probe()
        if not self._is_api(reply):
            raise NotJudgedError("the API is not at this address")
        return reply

    def _is_api(self, reply: ServerResponse) -> bool:
        """Return whether a response to an empty body may be one of the API.

        The body names nothing that can be missing, so status 404 is about the path.
        """
        is_refusal = reply.status in range(400, 500) and reply.status != HTTPStatus.NOT_FOUND
        return is_refusal and isinstance(member(reply.body, "code"), str)

    def _other_base(self) -> str | None:
        """Return where the API answers instead: without its base path, or with it once more."""
        path = self._spec.wire["base_path"]
        for base in (self._server.base_url.removesuffix(path), self._server.base_url + path):
            try:
                if self._is_api(self._server.probe_at(base)):
                    return base
            except (httpx.HTTPError, ResponseProblemError):
                continue
        return None

    def _is_refused_key(self, reply: ServerResponse) -> bool:
        """Return whether a response is about the key, and not about the kind of the call."""
        is_about_call = self._has_wording(reply, "no_sync") or self._has_wording(reply, "no_async")
        return not is_about_call and is_about(self._spec, reply, "authentication")

    def _has_wording(self, reply: ServerResponse, name: str) -> bool:
        return has_wording(self._spec, reply, name)


CHECKS: Mapping[str, Callable[[ServerProbe], None]] = {
    "address": ServerProbe.check_address,
    "key": ServerProbe.check_key,
    "async_header": ServerProbe.check_async_header,
}
"""The checks by name."""


def has_wording(spec: Spec, reply: ServerResponse, name: str) -> bool:
    """Return whether an error has a code and message that wire.yaml lists under a name."""
    wording = spec.wire["error_wordings"].get(name, {"codes": (), "contains": ""})
    message = str(member(reply.body, "message", "")).lower()
    return member(reply.body, "code") in wording["codes"] and wording["contains"] in message


def _header_names(spec: Spec) -> tuple[str, str]:
    """Return the names of the headers for the key and for asynchronous calls."""
    headers: Mapping[str, Any] = spec.wire["headers"]
    key = next(name for name, header in headers.items() if "{key}" in header["is"])
    asynchronous = (name for name, header in headers.items() if list(header.get("call", ())) == ["async"])
    return key, next(asynchronous, "")
