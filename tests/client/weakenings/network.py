"""Weakenings of what is requested, where, how often, and how much of an answer is read."""

from collections.abc import Callable
from functools import partialmethod
from pathlib import Path
from typing import Any

import httpx

from tests.client.client_fixture import KEY, World
from tests.client.response_samples import TASK, choices, refusal, reply, task
from tests.client.service import CREATED, DONE, PAGE, PRO, RUNNING
from tests.client.weakenings.weakening import PNG, edit, refused, result_of, sent, weakened, weakened_by
from wanlib import errors
from wanlib.base.values import MIB
from wanlib.client.core import ClientCore
from wanlib.client.drivers import http_adapter
from wanlib.client.http.messages import Request, TransportError
from wanlib.client.network.limits import EXTENSION
from wanlib.client.protocol.timing import Deadline

OTHER = TASK[::-1]
LOCAL = "http://127.0.0.1:8080/api/v1"
THROTTLED = refusal("Throttling", status=429)


def _linked(url: str) -> Any:
    content = [{"type": "image", "image": url}]
    return reply(task("SUCCEEDED", **choices({"message": {"content": content}})["output"]))


def _result_with(world: World, url: str, **settings: Any) -> Any:
    world.service.on("create", CREATED)
    world.service.on("query", _linked(url))
    return edit(world, world.client(**settings))


def _noting(limit: str, note: Callable[[bool], None], answer: Any) -> Any:
    """Return an answer that notes a limit of the exchange."""

    def give(request: Any) -> Any:
        note(getattr(request.extensions[EXTENSION], limit))
        return answer

    return give


def _no_limits(*_: object) -> None:
    """Let any answer pass."""


@weakened("answers have no cap", "wanlib.client.drivers.sync_driver.check_limits", _no_limits, ("sync",))
@weakened(
    "asynchronous answers have no cap",
    "wanlib.client.drivers.async_driver.check_limits",
    _no_limits,
    ("async",),
)
def answers_are_capped(world: World, folder: Path) -> None:
    assert http_adapter.MAX_RESPONSE_BYTES == 64 * MIB
    wan, most = world.client(max_retries=0), 4096
    kept, http_adapter.MAX_RESPONSE_BYTES = http_adapter.MAX_RESPONSE_BYTES, most
    try:
        answer = b'{"request_id": "r", "output": {"task_id": "%s", "task_status": "PENDING"}}' % TASK.encode()
        world.service.on("query", reply(answer.ljust(most)))
        assert world.do(wan.task(TASK).status()).status == "PENDING"
        world.service.on("query", reply(answer.ljust(most + 1)))
        refused(errors.ConnectionFailedError, lambda: world.do(wan.task(TASK).status()))
    finally:
        http_adapter.MAX_RESPONSE_BYTES = kept


@weakened(
    "pictures have no cap", "wanlib.client.results.picture_body.PictureBody._check_size", lambda *_: None
)
def pictures_are_capped(world: World, folder: Path) -> None:
    output = result_of(world)
    world.service.on("download", reply(b"x", content_length=str(256 * MIB + 1)))
    assert "larger than" in str(refused(errors.DownloadFailedError, lambda: world.do(output.save(folder))))
    world.service.on("download", reply(PNG))
    assert len(world.do(output.save(folder))) == 1


def _following(patch: Any) -> None:
    for kind in (httpx.Client, httpx.AsyncClient):
        send: Any = kind.send
        patch.setattr(kind, "send", partialmethod(_send_on, send))


def _send_on(client: Any, send: Any, request: Any, **options: Any) -> Any:
    return send(client, request, **options | {"follow_redirects": True})


@weakened_by("redirects are followed", _following)
def redirects_are_not_followed(world: World, folder: Path) -> None:
    world.service.on("create", reply(b"", 302, location="https://pictures.example.com/a.png"))
    world.service.on("download", reply(b""))
    refused(errors.WanError, lambda: edit(world))
    assert not sent(world, "download")


def _with_key(deadline: Deadline, url: str, headers: Any) -> Request:
    return Request("GET", url, {"Authorization": f"Bearer {KEY}", **headers}, None, 60.0)


@weakened("pictures are requested with the key", "wanlib.client.core._picture_request", _with_key)
def only_the_api_gets_the_key(world: World, folder: Path) -> None:
    output = result_of(world)
    world.service.on("download", reply(PNG))
    world.do(output.save(folder))
    assert all(KEY in seen.headers["authorization"] for seen in sent(world, "create") + sent(world, "query"))
    assert all(KEY not in str(seen.headers) for seen in sent(world, "download"))


def _allowing_private(patch: Any) -> None:
    rules = ClientCore._download_rules
    patch.setattr(ClientCore, "_download_rules", lambda *given: rules(*given)._replace(allow_private=True))


@weakened_by("links may always be private", _allowing_private)
@weakened("private addresses are public", "wanlib.client.results.download.is_private", lambda host: False)
def private_links_are_for_local_services(world: World, folder: Path) -> None:
    for host in ("127.0.0.1", "10.0.0.1", "[::1]", "169.254.169.254", "localhost"):
        output = _result_with(world, f"http://{host}/a.png")
        refused(errors.DownloadFailedError, lambda output=output: world.do(output.save(folder)))
    assert not sent(world, "download")


@weakened(
    "a local service may not give local links", "wanlib.client.protocol.settings.Settings.is_local", False
)
def local_links_of_local_services_are_requested(world: World, folder: Path) -> None:
    output = _result_with(world, "http://pictures.localhost/a.png", base_url=LOCAL)
    world.service.on("download", reply(PNG))
    assert len(world.do(output.save(folder))) == 1


@weakened(
    "connections may go to private addresses",
    "wanlib.client.protocol.settings.Settings.is_local",
    True,
)
def pictures_are_fetched_from_public_addresses(world: World, folder: Path) -> None:
    for is_local, settings in ((False, {}), (True, {"base_url": LOCAL})):
        seen: list[bool] = []
        world.service.on("download", _noting("public_only", seen.append, reply(PNG)))
        output = _result_with(world, "https://pictures.example.com/a.png", **settings)
        world.do(output.save(folder / str(is_local)))
        assert seen == [not is_local]


@weakened(
    "links of any scheme are requested", "wanlib.client.results.download.get_host", lambda url: "a.example"
)
def links_are_of_http(world: World, folder: Path) -> None:
    for url in ("file:///etc/passwd", "ftp://pictures.example.com/a", "https://me@pictures.example.com/a"):
        output = _result_with(world, url)
        error = refused(errors.DownloadFailedError, lambda output=output: world.do(output.save(folder)))
        assert "not a plain http(s) URL" in str(error)


@weakened(
    "billed calls are sent again after a lost answer",
    "wanlib.client.tasks.submit.NotSentError",
    TransportError,
)
def a_lost_answer_is_not_repeated(world: World, folder: Path) -> None:
    world.service.on("create", httpx.ReadError)
    refused(errors.OutcomeUnknownError, lambda: edit(world))
    assert len(sent(world, "create")) == 1


@weakened(
    "what was not sent counts as lost", "wanlib.client.drivers.http_adapter._NOT_SENT_ERRORS", frozenset()
)
def a_call_that_was_not_sent_is_retried(world: World, folder: Path) -> None:
    world.service.on("create", httpx.ConnectError, httpx.ConnectTimeout, CREATED)
    world.service.on("query", DONE)
    edit(world)
    assert len(sent(world, "create")) == 3


@weakened("a gateway's refusal is the service's", "wanlib.client.tasks.submit._GATEWAY_STATUSES", frozenset())
def a_gateway_leaves_the_outcome_unknown(world: World, folder: Path) -> None:
    for status in (502, 504):
        world.service.on("create", refusal("InternalError", status=status))
        refused(errors.OutcomeUnknownError, lambda: edit(world))
    assert len(sent(world, "create")) == 2


@weakened("refusals for the rate are final", "wanlib.client.tasks.submit._TOO_MANY_REQUESTS", 0)
@weakened("any refusal is repeated", "wanlib.client.tasks.submit._TOO_MANY_REQUESTS", 500)
def only_refusals_for_the_rate_are_repeated(world: World, folder: Path) -> None:
    world.service.on("create", THROTTLED, CREATED)
    world.service.on("query", DONE)
    edit(world)
    assert len(sent(world, "create")) == 2
    world.service.on("create", refusal("InternalError", status=500))
    refused(errors.ServiceError, lambda: edit(world))
    assert len(sent(world, "create")) == 3


@weakened("max_retries has no effect", "wanlib.client.protocol.context.ClientContext.attempts", 5)
def max_retries_is_kept(world: World, folder: Path) -> None:
    for retries in (0, 2):
        before = len(sent(world, "create"))
        world.service.on("create", THROTTLED)
        refused(errors.RateLimitError, lambda retries=retries: edit(world, world.client(max_retries=retries)))
        assert len(sent(world, "create")) - before == 1 + retries


def _impatient(backoff: Any, tries: int, retry_after: float | None = None) -> float:
    return 0.5


@weakened("Retry-After is ignored", "wanlib.client.protocol.timing.Backoff.wait", _impatient)
def retry_after_is_respected(world: World, folder: Path) -> None:
    world.service.on("create", refusal("Throttling", status=429, retry_after="33"), CREATED)
    world.service.on("query", DONE)
    edit(world)
    first, second = sent(world, "create")
    assert second.at - first.at >= 33


@weakened(
    "a call has no deadline",
    "wanlib.client.protocol.context.ClientContext.deadline",
    lambda self, timeout: Deadline(self.clock.now() + 5000, self.clock.now),
)
def a_call_ends_at_its_timeout(world: World, folder: Path) -> None:
    for timeout in (20, 200):
        began = world.time.now()
        world.service.on("create", CREATED)
        world.service.on("query", RUNNING)
        refused(errors.DeadlineExceededError, lambda timeout=timeout: edit(world, timeout=timeout))
        assert timeout - 10 <= world.time.now() - began <= timeout


@weakened("no attempt is too late", "wanlib.client.protocol.timing.Deadline.permits_wait", lambda *_: True)
def no_attempt_begins_after_the_deadline(world: World, folder: Path) -> None:
    world.service.on("create", refusal("Throttling", status=429, retry_after="90"))
    refused(errors.RateLimitError, lambda: edit(world, timeout=60))
    assert len(sent(world, "create")) == 1


@weakened("stores are asked once", "wanlib.client.results.download._RETRYABLE_STATUSES", frozenset())
def a_busy_store_is_asked_again(world: World, folder: Path) -> None:
    output = result_of(world)
    world.service.on("download", reply(b"", 503), reply(PNG))
    assert len(world.do(output.save(folder))) == 1


@weakened("dead links are asked again", "wanlib.client.results.download._GONE_STATUSES", frozenset())
def a_dead_link_is_named_so(world: World, folder: Path) -> None:
    output = result_of(world)
    world.service.on("download", reply(b"", 403))
    refused(errors.LinkExpiredError, lambda: world.do(output.save(folder)))
    assert len(sent(world, "download")) == 1


@weakened("another task's answer is taken", "wanlib.client.tasks.status.check_task_id", lambda *_: None)
def an_answer_is_of_the_task_that_was_asked_for(world: World, folder: Path) -> None:
    world.service.on("query", reply(task("RUNNING", task_id=OTHER)))
    refused(errors.MalformedResponseError, lambda: world.do(world.wan.task(TASK).status()))
    world.service.on("query", RUNNING)
    assert world.do(world.wan.task(TASK).status()).status == "RUNNING"


@weakened(
    "two calls may have one task", "wanlib.client.protocol.live_calls.LiveCalls.accept", lambda *_: True
)
def a_task_belongs_to_one_call(world: World, folder: Path) -> None:
    accepted = {"request_id": "r", "output": {"task_id": OTHER, "task_status": "PENDING"}}
    world.service.on("create", reply(accepted))
    submit = lambda: world.do(world.wan.submit(PRO, "dusk", n=1))  # noqa: E731
    assert submit().id == OTHER
    refused(errors.OutcomeUnknownError, submit)
    world.service.on("create", reply(accepted | {"output": {"task_id": f"{OTHER}-2"}}))
    assert submit().id == f"{OTHER}-2"


@weakened("a page is an answer", "wanlib.client.tasks.submit.is_error_payload", lambda *_: True)
def a_page_leaves_the_outcome_unknown(world: World, folder: Path) -> None:
    world.service.on("create", PAGE._replace(status=500))
    refused(errors.OutcomeUnknownError, lambda: edit(world))


def _always_reused(patch: Any) -> None:
    patch.setattr("wanlib.client.drivers.http_adapter.ExchangeLimits", _ReusingLimits)


class _ReusingLimits(http_adapter.ExchangeLimits):
    def __init__(self, seconds: float, **options: Any) -> None:
        super().__init__(seconds, **options | {"reuse": True})


@weakened_by("billed calls share connections", _always_reused)
def billed_calls_have_connections_of_their_own(world: World, folder: Path) -> None:
    seen: list[bool] = []
    world.service.on("create", _noting("reuse", seen.append, CREATED))
    world.service.on("query", _noting("reuse", seen.append, DONE))
    edit(world)
    assert seen == [False, True]
