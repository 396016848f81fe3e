"""The live service as an `ApiServer`: connect to it, and check that it responds.

Every request uses its own connection. On a reused connection a surplus answer of an earlier request can be
taken for that of the next one, and a refusal that belongs to another probe would release money.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from wan_conformance.live.cassette import Send
from wan_conformance.targets.server.network import RemoteConnection
from wan_conformance.targets.server.remote import ServerUnreachableError
from wan_conformance.targets.server.server import ApiServer, ResponseProblemError
from wanlib.base.clock import Clock
from wanlib.base.redaction import redact_text, safe_repr
from wanlib.base.wire_names import read_names
from wanlib.spec import Spec


@contextmanager
def http_send(base_url: str, seconds: float) -> Iterator[Send]:
    """Yield a function that sends one request over a separate connection, and follows no redirect.

    Args:
        base_url: The URL of the service.
        seconds: The time in which the run sends requests, in seconds.
    """
    connection = RemoteConnection(base_url, seconds)
    try:
        yield connection.send
    finally:
        connection.close()


def live_server(spec: Spec, send: Send, base_url: str, key: str, clock: Clock) -> ApiServer:
    """Return the service behind a function that sends requests, after a request that costs nothing.

    Args:
        spec: The spec.
        send: Sends one request: `http_send`, a `CassetteRecorder` or a `CassettePlayer`.
        base_url: The URL of the service, with or without the base path of the API.
        key: The API key.
        clock: The time; a player needs one that does not wait.

    Raises:
        ServerUnreachableError: The service does not answer, refuses the key, or has no list of tasks.
    """
    server = ApiServer(spec, send, base_url, key, pays=True, sleep=clock.sleep)
    page_size = read_names(spec.service["names"]).list_query.page_size
    shown = safe_repr(base_url)
    try:
        reply = server.shared_call("list", f"{page_size}=1")
    except (httpx.HTTPError, httpx.InvalidURL, ResponseProblemError) as error:
        raise ServerUnreachableError(f"{shown} can't be reached: {redact_text(str(error))}") from None
    if reply.status in (401, 403):
        raise ServerUnreachableError(f"{shown} refuses the key ({reply.status}): use a key of this service")
    if reply.status != 200:
        raise ServerUnreachableError(
            f"{shown} answers {reply.status} to the list of tasks, without which a lost answer cannot be "
            "searched for"
        )
    return server
