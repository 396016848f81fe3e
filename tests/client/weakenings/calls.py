"""Weakenings of what the arguments of a client and of a call decide, and of what is accepted in an answer."""

import gzip
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.loopback import loopback
from tests.client.response_samples import TASK, choices, image, reply
from tests.client.service import CREATED, PHOTO, RUNNING
from tests.client.weakenings.weakening import PNG, edit, refused, result_of, sent, weakened, weakened_by
from tests.support.image_files import picture
from wanlib import errors
from wanlib.client.call import plan
from wanlib.client.drivers.http_adapter import HttpxAdapter
from wanlib.client.network.decoding import BodyDecoder
from wanlib.client.network.limits import ExchangeLimits

NEGATIVE = {"seed": -1}


def _never_allowing(patch: pytest.MonkeyPatch) -> None:
    check = plan.raise_violations
    patch.setattr(
        plan,
        "raise_violations",
        lambda model, arguments, found: check(model, arguments._replace(allow=()), found),
    )


@weakened_by("allow has no effect", _never_allowing)
@weakened("everything is allowed", "wanlib.client.call.plan.raise_violations", lambda *_: None)
def allow_lets_a_rule_be_broken(world: World, folder: Path) -> None:
    error = refused(errors.InvalidRequestError, lambda: edit(world, **NEGATIVE))
    assert isinstance(error, errors.InvalidRequestError)
    result_of(world)
    edit(world, **NEGATIVE, allow=[violation.rule for violation in error.violations])
    assert sent(world, "create")[-1].json()["parameters"]["seed"] == -1


@weakened("extra may name a parameter", "wanlib.client.call.plan.check_extra", lambda model, extra: extra)
def extra_is_for_undocumented_parameters(world: World, folder: Path) -> None:
    refused(errors.InvalidArgumentError, lambda: edit(world, extra={"n": 4}))
    result_of(world)
    edit(world, extra={"newer": 1})
    assert sent(world, "create")[-1].json()["parameters"]["newer"] == 1


@weakened(
    "images that should be fitted are sent unchanged",
    "wanlib.client.core._make_fit",
    lambda sources: [*sources],
)
@weakened("fit has no effect", "wanlib.client.images.fitting.plan_fit", lambda source, *_: source)
def fit_decides_whether_an_image_is_changed(world: World, folder: Path) -> None:
    small = picture("gif", size=(60, 30))
    refused(errors.InvalidRequestError, lambda: edit(world, images=[small]))
    result_of(world)
    edit(world, images=[small], fit=True)
    assert b"data:image/png;base64" in sent(world, "create")[-1].body


@weakened("via has no effect", "wanlib.client.core.call_mode", lambda *_: "async")
def via_decides_whether_there_is_a_task(world: World, folder: Path) -> None:
    result_of(world)
    assert sent(world, "query")
    world.service.seen.clear()
    world.service.on("create", reply(choices({"message": {"content": [image("one")]}})))
    edit(world, via="sync")
    assert not sent(world, "query") and len(sent(world, "create")) == 1


@weakened("any timeout passes", "wanlib.client.protocol.context.validate_timeout", float)
def timeouts_are_positive_and_finite(world: World, folder: Path) -> None:
    for timeout in (0, -1, 1e9, float("inf"), float("nan"), True):
        refused(errors.InvalidArgumentError, lambda timeout=timeout: world.client(timeout=timeout))
        refused(errors.InvalidArgumentError, lambda timeout=timeout: edit(world, timeout=timeout))
    assert not world.service.seen


@weakened("max_retries has no bound", "wanlib.client.protocol.context._MAX_RETRIES_ALLOWED", 10**9)
def retries_have_a_bound(world: World, folder: Path) -> None:
    refused(errors.InvalidArgumentError, lambda: world.client(max_retries=101))
    refused(errors.InvalidArgumentError, lambda: world.client(max_retries=-1))
    refused(errors.InvalidArgumentError, lambda: edit(world, max_retries=101))
    world.client(max_retries=100)


@weakened("a switch may be any value", "wanlib.client.base_client.check_flags", lambda **_: None)
def switches_are_booleans(world: World, folder: Path) -> None:
    for switch in ("upload", "file_urls", "trust_env"):
        refused(errors.InvalidArgumentError, lambda switch=switch: world.client(**{switch: "no"}))


@weakened("a closed client goes on", "wanlib.client.protocol.usage.UsageGuard.check", lambda self: None)
def a_closed_client_is_refused(world: World, folder: Path) -> None:
    wan = world.client()
    result_of(world, wan)
    world.do(wan.close())
    before = len(world.service.seen)
    refused(errors.UsageError, lambda: edit(world, wan))
    assert len(world.service.seen) == before


def _everything_is_the_api(patch: pytest.MonkeyPatch) -> None:
    create = HttpxAdapter.__init__

    def init(adapter: Any, *given: Any) -> None:
        create(adapter, *given)
        adapter._base = ""

    patch.setattr(HttpxAdapter, "__init__", init)


@weakened_by("headers of the HTTP client go anywhere", _everything_is_the_api)
def headers_of_the_http_client_go_to_the_api_alone(world: World, folder: Path) -> None:
    wan = world.client(http_client=world.http(headers={"X-Mine": "1"}))
    output = result_of(world, wan)
    world.service.on("download", reply(PNG))
    world.do(output.save(folder))
    assert {seen.headers.get("x-mine") for seen in sent(world, "create") + sent(world, "query")} == {"1"}
    assert [seen.headers.get("x-mine") for seen in sent(world, "download")] == [None]


@weakened("an error of the query is the task's", "wanlib.client.tasks.requests.CONFIRMATIONS", 1)
def a_failure_of_the_query_is_confirmed(world: World, folder: Path) -> None:
    failed = reply({"request_id": "r", "code": "Throttling.RateQuota", "message": "too much", "output": {}})
    world.service.on("query", failed, RUNNING)
    assert world.do(world.wan.task(TASK).status()).status == "RUNNING"
    assert len(sent(world, "query")) == 2


class _Credulous:
    problem = None
    is_complete = True

    def feed(self, chunk: bytes) -> None:
        """Take anything."""


@weakened("anything is a picture", "wanlib.client.results.picture_body.PngVerifier", _Credulous)
def a_body_that_is_not_a_picture_is_not_kept(world: World, folder: Path) -> None:
    output = result_of(world, world.client(max_retries=0))
    world.service.on("download", reply(b"<html>Please sign in</html>"))
    refused(errors.DownloadFailedError, lambda: world.do(output.save(folder)))
    assert not [*folder.iterdir()]


class _Streamed(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> Any:
        yield self._body

    def __iter__(self) -> Any:
        yield self._body


def _encoded(encoding: str, body: bytes) -> Any:
    def answer(request: Any) -> Any:
        return httpx.Response(200, headers={"content-encoding": encoding}, stream=_Streamed(body))

    return answer


def _decoding_twice(patch: pytest.MonkeyPatch) -> None:
    create = BodyDecoder.__init__
    patch.setattr(BodyDecoder, "__init__", lambda self, encoding: create(self, encoding.partition(",")[0]))


@weakened_by("any content encoding is decoded", _decoding_twice)
def unknown_content_encodings_are_refused(world: World, folder: Path) -> None:
    body = gzip.compress(RUNNING.body.replace(TASK.encode(), TASK.encode()))
    wan = world.client(max_retries=0)
    world.service.on("query", _encoded("gzip", body))
    assert world.do(wan.task(TASK).status()).status == "RUNNING"
    for encoding in ("gzip, gzip", "br", "zstd"):
        world.service.on("query", _encoded(encoding, body))
        refused(errors.ConnectionFailedError, lambda: world.do(wan.task(TASK).status()))


@weakened("bombs are decoded whole", "wanlib.client.network.decoding._PIECE", 2**31)
def encoded_bodies_are_decoded_in_pieces(world: World, folder: Path) -> None:
    pieces = [len(piece) for piece in BodyDecoder("gzip").decode(gzip.compress(bytes(2**22)))]
    assert max(pieces) <= 64 * 1024 and sum(pieces) == 2**22


@weakened("a call may last for ever", "wanlib.client.network.limits.ExchangeLimits.remaining", lambda *_: 9e9)
def an_exchange_has_a_total_time(world: World, folder: Path) -> None:
    limits = ExchangeLimits(5.0)
    assert 0 < limits.remaining() <= 5.0 and limits.remaining(1.0) == 1.0
    assert ExchangeLimits(-1.0).remaining(3.0) < 0


@weakened("trust_env has no effect", "wanlib.client.network.transport.environment_proxies", dict, ("sync",))
def the_environment_decides_on_the_proxy(world: World, folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, loopback() as service:
        for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY"):
            patch.delenv(name, raising=False)
        patch.setenv("http_proxy", "http://127.0.0.1:9")
        settings = {"base_url": service.base, "http_client": None, "max_retries": 0}
        world_client = world.client
        assert world.do(world_client(**settings, trust_env=False).task(TASK).status()).status
        refused(
            errors.ConnectionFailedError,
            lambda: world.do(world_client(**settings, trust_env=True).task(TASK).status()),
        )


@weakened("an unknown price passes a budget", "wanlib.client.protocol.budget.Budget.reserve", lambda *_: 0)
def without_a_price_no_budget_can_be_kept(world: World, folder: Path) -> None:
    model = "wan2.6-image"
    wan = world.client(budget=5, region="hongkong")
    refused(errors.BudgetExceededError, lambda: world.do(wan.submit(model, "dusk", images=[PHOTO], n=1)))
    world.service.on("create", CREATED)
    world.do(world.client(region="hongkong").submit(model, "dusk", images=[PHOTO], n=1))
    assert len(sent(world, "create")) == 1


def _redirects_are_answers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("wanlib.client.results.download._OK", 302)
    patch.setattr("wanlib.client.results.picture_body._OK", 302)


@weakened_by("what comes with a redirect is the picture", _redirects_are_answers)
def redirects_of_stores_are_refused(world: World, folder: Path) -> None:
    output = result_of(world, world.client(max_retries=0))
    world.service.on("download", reply(PNG, 302, location="http://10.0.0.1/a.png"))
    refused(errors.DownloadFailedError, lambda: world.do(output.save(folder)))
    assert len(sent(world, "download")) == 1 and not [*folder.iterdir()]
