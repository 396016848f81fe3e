"""Content encodings: what a small response decodes to does not fill the memory."""

import gzip
import tracemalloc
import zlib
from typing import Any

import pytest

from tests.client.response_samples import TASK
from tests.client.service import CREATED, PRO
from tests.client.socket_server import Line, Story, answer
from tests.client.socket_stage import Stage
from wanlib import errors
from wanlib.client.drivers import http_adapter
from wanlib.client.results.parts import Picture

MIB = 1024 * 1024
BOMB = gzip.compress(gzip.compress(b"\0" * (256 * MIB), 9), 9)  # 1 KB


def serve(body: bytes, *headers: str) -> Story:
    def story(line: Line) -> None:
        line.read()
        line.send(answer(body, "200 OK", *headers))

    return story


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate), ("identity", bytes)],
)
def test_one_encoding_is_decoded_although_none_is_requested(stage: Stage, encoding: str, pack: Any) -> None:
    wan, playground = stage.play(serve(pack(CREATED.body), f"Content-Encoding: {encoding}"))
    assert stage.do(wan.submit(PRO, "a vase", n=1)).id == TASK
    assert b"accept-encoding: identity" in playground.heads[0].lower()


@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip, gzip", BOMB), ("br", b"x"), ("gzip", b"no gzip"), ("gzip", BOMB[:-9])]
)
def test_other_encodings_are_broken_answers(stage: Stage, encoding: str, body: bytes) -> None:
    wan, playground = stage.play(serve(body, f"Content-Encoding: {encoding}"))
    with pytest.raises(errors.OutcomeUnknownError, match="content encoding"):
        stage.do(wan.submit(PRO, "a vase", n=1))
    assert playground.connections == 1


@pytest.mark.parametrize("what", ["answer", "picture"])
def test_a_small_answer_that_decodes_to_much_takes_little_memory(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(http_adapter, "MAX_RESPONSE_BYTES", MIB)
    body = gzip.compress(b"\0" * (32 * MIB), 9)  # 32 KB
    wan, playground = stage.play(serve(body, "Content-Encoding: gzip"), max_retries=0)
    picture: Any = wan._with_reader(Picture(f"{playground.url}/a.png", 0))
    tracemalloc.start()
    try:
        with pytest.raises(errors.WanError):
            if what == "answer":
                stage.do(wan.get_task(TASK))
            else:
                stage.do(picture.read() if stage.kind == "sync" else picture.aread())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * MIB
