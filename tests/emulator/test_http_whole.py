"""Answers that are written at once are those that uvicorn's own writer would have written."""

from typing import Any

import pytest

from tests.emulator.asking import BASE, BODIES, PLAIN
from tests.emulator.wire import create, cut, request
from wanlib.emulator import Emulator, ManualClock
from wanlib.emulator.core.vendor_errors import VendorErrors
from wanlib.emulator.server.asgi_request import ServerLimits
from wanlib.emulator.server.httptools_connection import HttpToolsConnection
from wanlib.emulator.server.serve import run_in_thread
from wanlib.spec import load

TASKS = BASE + "/tasks/"
ASKED = {
    "a create": create(BODIES[PLAIN]),
    "a refusal": create({"model": "kettle"}),
    "a broken rule": create(BODIES[PLAIN] | {"parameters": {"n": 9}}),
    "a list": request("GET", TASKS),
    "a query": request("GET", TASKS + "none"),
    "no such path": request("PATCH", "/nowhere"),
    "a page of a gateway": request("GET", TASKS, x_wan_fault="html"),
    "to be tried again": request("GET", TASKS, x_wan_fault="error code=Throttling retry_after=2"),
    "a stream": create(BODIES[PLAIN], x_dashscope_sse="enable"),
    "a head": request("HEAD", TASKS),
    "what may be done": request("OPTIONS", TASKS),
    "of HTTP/1.0": request("GET", TASKS).replace(b"HTTP/1.1", b"HTTP/1.0"),
}
CLOSING = request("GET", TASKS, connection="close")


class Plain(HttpToolsConnection):
    """Without the short way."""

    limits, vendor = ServerLimits(), VendorErrors(load())

    def _write(self, *_: object) -> bool:
        return False


def told(raw: bytes, **options: Any) -> list[bytes]:
    """All that comes back, and an answer more, line by line but for the date; the same world each time."""
    with run_in_thread(Emulator(clock=ManualClock(1_767_225_600.0)), **options) as url:
        answer = cut(url, raw + CLOSING)
    lines = [*answer.head.split(b"\r\n"), *answer.rest.split(b"\r\n")]
    return [line for line in lines if not line.startswith(b"date")]


@pytest.mark.parametrize("what", ASKED)
def test_the_same_by_both_ways(what: str) -> None:
    lines = told(ASKED[what])
    assert lines == told(ASKED[what], http=Plain) and lines[0].startswith(b"HTTP/1.1 ")


def test_one_after_the_other_on_one_line() -> None:
    every = b"".join(ASKED[what] for what in ("a create", "a list", "a refusal", "a query", "a create"))
    lines = told(every)
    assert lines == told(every, http=Plain)
    assert b"".join(lines).count(b"HTTP/1.1 ") == 6
