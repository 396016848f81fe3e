"""Logs of HTTP libraries: our exchanges without secrets, the caller's own unchanged."""

import asyncio
import io
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
import respx

from tests.client.client_fixture import KEY
from tests.client.loopback import Loopback, loopback
from tests.client.response_samples import KEY as SIGNATURE
from tests.client.service import CREATED, DONE, PRO
from tests.support.fake_clock import FakeClock
from tests.support.image_files import picture
from wanlib import AsyncWan, Wan
from wanlib.base.redaction import Secret
from wanlib.client.drivers.private_logs import our_exchange, protect_logs
from wanlib.errors import WanError

PHOTO = "https://photos.example.com/street.jpg?Expires=4102444800&Signature=c2VjcmV0"
FOREIGN = "/own?Signature=mine"


@pytest.fixture(params=["INFO", "DEBUG"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """The logs of `logging.basicConfig(level=...)`, with the libraries' loggers also at that level."""
    out, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    before = root.level
    root.addHandler(handler)
    root.setLevel(request.param)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(request.param)
    yield out
    root.removeHandler(handler)
    root.setLevel(before)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture(scope="module")
def service() -> Iterator[Loopback]:
    with loopback() as made:
        yield made


def own_client(service: Loopback) -> None:
    """An exchange of the caller's own."""
    with httpx.Client() as http:
        http.get(service.base.removesuffix("/api/v1") + FOREIGN)


async def own_async_client(service: Loopback) -> None:
    async with httpx.AsyncClient() as http:
        await http.get(service.base.removesuffix("/api/v1") + FOREIGN)


def check_log(text: str, foreign: int) -> None:
    """No secret of ours; every exchange is logged; the caller's own with their whole URL."""
    assert "sig=1" not in text and KEY not in text and "c2VjcmV0" not in text
    assert "HTTP Request: POST http://127.0.0.1" in text and "/a.png?…" in text
    assert text.count(FOREIGN) == foreign


def test_sync(log: io.StringIO, service: Loopback, tmp_path: Path) -> None:
    own_client(service)
    with Wan(KEY, base_url=service.base) as wan:
        own_client(service)
        wan.edit(PRO, "dusk", images=[PHOTO], n=1).save(tmp_path)
        own_client(service)
    check_log(log.getvalue(), 3)


def test_async(log: io.StringIO, service: Loopback, tmp_path: Path) -> None:
    async def run() -> None:
        async with AsyncWan(KEY, base_url=service.base) as wan:
            edited, _ = await asyncio.gather(
                wan.edit(PRO, "dusk", images=[PHOTO], n=1), own_async_client(service)
            )
            await asyncio.gather(edited.save(tmp_path), own_async_client(service))

    asyncio.run(run())
    check_log(log.getvalue(), 2)


def test_a_client_of_the_caller(log: io.StringIO, service: Loopback, tmp_path: Path) -> None:
    """Redacted in our exchanges alone, though it is the same client."""
    with httpx.Client() as http:
        wan = Wan(KEY, base_url=service.base, http_client=http)
        wan.edit(PRO, "dusk", images=[PHOTO], n=1).save(tmp_path)
        http.get(service.base.removesuffix("/api/v1") + FOREIGN)
    check_log(log.getvalue(), 1)


class _Hostile(BaseHTTPRequestHandler):
    """A server that puts secrets into its headers."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", f"https://user:word@store.example.com/a.png?Signature={SIGNATURE}")
        self.send_header("X-Path", f"/a.png?Signature={SIGNATURE}")
        self.send_header("X-Echo", self.headers["Authorization"] or "")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


def test_headers_of_an_answer(log: io.StringIO) -> None:
    """httpcore logs them at DEBUG."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hostile)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        with (
            Wan(KEY, base_url=f"http://127.0.0.1:{server.server_port}/api/v1", clock=FakeClock()) as wan,
            pytest.raises(WanError),
        ):
            wan.task("0385dc79-5ff8-4d82-bcb6-7f0e6f0e1c5a").status()
    finally:
        server.shutdown()
        server.server_close()
    text = log.getvalue()
    assert "302" in text
    assert SIGNATURE not in text and KEY not in text and "user:word" not in text


def test_uploads(log: io.StringIO) -> None:
    """The policy, the form, and the address that it goes to."""
    from tests.client.service import POLICY, STORE

    with respx.mock() as mock:
        mock.get(url__regex=r".*/uploads.*").mock(return_value=httpx.Response(200, content=POLICY.body))
        mock.post(f"https://{STORE}/").mock(return_value=httpx.Response(200))
        mock.post(url__regex=r".*/generation$").mock(return_value=httpx.Response(200, content=CREATED.body))
        with Wan(KEY, upload=True) as wan:
            wan.submit(PRO, "dusk", images=[picture("png", size=(300, 300))], n=1)
    text = log.getvalue()
    assert f"HTTP Request: POST https://{STORE}" in text and "/uploads?…" in text
    assert KEY not in text and "getPolicy" not in text


def test_under_respx(log: io.StringIO, tmp_path: Path) -> None:
    with respx.mock() as mock:
        mock.post(url__regex=r".*/generation$").mock(return_value=httpx.Response(200, content=CREATED.body))
        mock.get(url__regex=r".*/tasks/.*").mock(return_value=httpx.Response(200, content=DONE.body))
        mock.get(url__regex=r".*\.png.*").mock(
            return_value=httpx.Response(200, content=picture("png", size=(8, 8)))
        )
        mock.get("https://own.example.com/").mock(return_value=httpx.Response(200))
        with Wan(KEY) as wan:
            wan.edit(PRO, "dusk", images=[PHOTO], n=1).save(tmp_path)
        httpx.get(f"https://own.example.com/?Signature={SIGNATURE}")
    text = log.getvalue()
    assert text.count(SIGNATURE) == 1 and "own.example.com/?Signature" in text
    assert KEY not in text and ".png?… " in text


NEW_LOGGERS = [
    "httpx.made_later",
    "httpcore.made_later",
    "h11.made_later",
    "hpack.made_later",
    "h2.made_later",
]


@pytest.mark.parametrize("name", NEW_LOGGERS)
def test_a_logger_that_a_library_makes_later(log: io.StringIO, name: str) -> None:
    """Whether logging was set up before or after, and whatever the record is made of."""
    key = Secret.of(KEY)
    protect_logs("httpx")
    logger = logging.getLogger(name)
    with our_exchange():
        logger.error("GET %s with %r", PHOTO, {"authorization": f"Bearer {KEY}"})
        logger.error("%d", PHOTO)  # which logging would print with its arguments
        logger.error(b"%s", KEY)
    logger.error("GET %s", FOREIGN)
    text = log.getvalue()
    assert "c2VjcmV0" not in text and KEY not in text
    assert text.count(FOREIGN) == 1 and key.reveal() == KEY
    shows_headers = name.startswith(("hpack", "h2."))
    assert ("GET https://photos.example.com/street.jpg?…" in text) is not shows_headers


@pytest.mark.parametrize("name", ["httpx", "httpcore.http2", "hpack.hpack", "urllib3.connectionpool"])
def test_every_logger_has_the_filter_once(name: str) -> None:
    for _ in range(2):
        with Wan(KEY, base_url="http://127.0.0.1:1/api/v1") as wan:
            wan._driver  # noqa: B018
    filters: list[Any] = [
        each for each in logging.getLogger(name).filters if "wanlib" in type(each).__module__
    ]
    assert len(filters) == 1
