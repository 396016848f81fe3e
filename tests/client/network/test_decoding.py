"""Content encodings: what a small response decodes to does not fill the memory."""

import gzip
import tracemalloc
import zlib
from typing import Any

import pytest

from tests.client.response_samples import TASK
from tests.client.service import CREATED, PRO
from tests.client.socket_server import Script, ServerConnection, answer
from tests.client.socket_testbed import SocketTestbed
from wanlib import errors
from wanlib.client.drivers import http_adapter
from wanlib.client.results.parts import Picture

MIB = 1024 * 1024
BOMB = gzip.compress(gzip.compress(b"\0" * (256 * MIB), 9), 9)  # 1 KB


def serve(body: bytes, *headers: str) -> Script:
    def script(connection: ServerConnection) -> None:
        connection.read()
        connection.send(answer(body, "200 OK", *headers))

    return script


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate), ("identity", bytes)],
)
def test_one_encoding_is_decoded_although_none_is_requested(
    testbed: SocketTestbed, encoding: str, pack: Any
) -> None:
    wan, server = testbed.serve(serve(pack(CREATED.body), f"Content-Encoding: {encoding}"))
    assert testbed.do(wan.submit(PRO, "a vase", n=1)).id == TASK
    assert b"accept-encoding: identity" in server.heads[0].lower()


@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip, gzip", BOMB), ("br", b"x"), ("gzip", b"no gzip"), ("gzip", BOMB[:-9])]
)
def test_other_encodings_are_broken_answers(testbed: SocketTestbed, encoding: str, body: bytes) -> None:
    wan, server = testbed.serve(serve(body, f"Content-Encoding: {encoding}"))
    with pytest.raises(errors.OutcomeUnknownError, match="content encoding"):
        testbed.do(wan.submit(PRO, "a vase", n=1))
    assert server.connections == 1


@pytest.mark.parametrize("what", ["answer", "picture"])
def test_a_small_answer_that_decodes_to_much_takes_little_memory(
    testbed: SocketTestbed, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(http_adapter, "MAX_RESPONSE_BYTES", MIB)
    body = gzip.compress(b"\0" * (32 * MIB), 9)  # 32 KB
    wan, server = testbed.serve(serve(body, "Content-Encoding: gzip"), max_retries=0)
    picture: Any = wan._with_reader(Picture(f"{server.url}/a.png", 0))
    tracemalloc.start()
    try:
        with pytest.raises(errors.WanError):
            if what == "answer":
                testbed.do(wan.get_task(TASK))
            else:
                testbed.do(picture.read() if testbed.kind == "sync" else picture.aread())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * MIB
