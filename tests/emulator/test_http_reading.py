"""A body read as it streams in is judged as the whole one, wherever its chunks are cut."""

import asyncio
import base64
import json
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from tests.emulator.asking import BODIES, ORIGIN, PLAIN, SPEC, data_uri, messages, told
from tests.support.image_files import picture, pictures
from wanlib.base.redaction import safe_repr
from wanlib.boundary.cases import boundary_cases
from wanlib.emulator import Emulator, Request, Response
from wanlib.emulator.core.spilled_text import substitute
from wanlib.emulator.server.asgi_request import ClientDisconnected, ServerLimits, read_body
from wanlib.emulator.server.streaming_json import HEAD, LONG, StreamingJsonBody, TooLarge
from wanlib.spec import interpret
from wanlib.validation.data_uri import parse_data_uri

MUCH = 1 << 30
HEAVY = ("max_bytes", "max_side")  # files of many megabytes: one family's will do
IMAGE_RULES = [
    rule
    for rule in SPEC.rules.values()
    if rule.scope == "body" and ("/images." in rule.id or "/mask." in rule.id)
    if rule.kind not in HEAVY or rule.id in ("wan2.5/images.each.max_bytes", "wan2.6/images.each.max_side")
]
HEADERS = {"authorization": "Bearer k", "content-type": "application/json"}


def read(raw: bytes, size: int, long: int = 50) -> StreamingJsonBody:
    reader = StreamingJsonBody(MUCH, MUCH, long)
    for at in range(0, len(raw), size):
        reader.feed(raw[at : at + size])
    return reader


def value(reader: StreamingJsonBody) -> Any:
    return substitute(json.loads(bytes(reader.body)), reader.texts)


def verdict(body: Any, call: str | None) -> list[Any]:
    return [
        (each.rule, each.outcome, each.path, each.limit, safe_repr(each.value), str(each))
        for each in interpret(SPEC, body, call)
    ]


@pytest.mark.parametrize("rule", [rule.id for rule in IMAGE_RULES])
def test_every_edge_on_images_gets_the_same_verdict(rule: str) -> None:
    random = Random(rule)
    for case in boundary_cases(SPEC, rule):
        body, call = case.question.body, case.question.call
        raw = json.dumps(body).encode()
        large = len(raw) > 1 << 20
        size = 65537 if large else random.choice((1, 3, 5, 7, 11, 13, 17, 19, 257, 1021))
        reader = read(raw, size, random.choice((5, 50, 300)))
        assert verdict(value(reader), call) == verdict(body, call), case.id
        reader.close()


def test_chunks_of_every_odd_size_lead_to_the_same_body() -> None:
    uris = [data_uri(250, 240), data_uri(80, 80), data_uri(16, 16)]
    body = messages(
        PLAIN, *uris, "https://example.com/a.png", prompt='say "data:image/png" \\ \u00e9\U0001f600'
    )
    raw = json.dumps(body, ensure_ascii=False).encode()
    for size in range(1, len(raw) + 2, 2):
        reader = read(raw, size)
        again = value(reader)
        assert len(reader.texts) == 3 or size > 30
        assert verdict(again, "async") == verdict(body, "async")
        content = again["input"]["messages"][0]["content"]
        assert [part["image"][:] for part in content[:3]] == uris
        assert content[3:] == body["input"]["messages"][0]["content"][3:]
        reader.close()


TEXTS = [
    "data:image/png;base64," + "A" * 400,
    "DATA:image/png;base64," + "A" * 399,
    "data:image/png;base64," + "A" * 200 + "=" + "A" * 199,
    "data:image/png;base64," + "A" * 397 + "===",
    "data:image/png;base64," + "A" * 398 + "==",
    "data:image/png;base64," + "A" * 396 + "é" * 4,
    "data:image/png;base64," + "é" + "A" * 399,
    "data:image/png;base64," + "A" * 300 + '"' + "A" * 99,
    "data:image/png;base64," + "A" * 300 + "\\" + "A" * 99,
    "data:image/png;base64," + "A" * 300 + "\n" + "A" * 99,
    "data:image/png;base64," + "A" * 300 + "\U0001f600" + "A" * 99,
    "data:image/png;base64," + "A" * 300 + "\ud83d" + "A" * 99,
    "data:image/png;base64," + "/" * 400,
    "data:image/png;base64," + "A" * 399 + "-",
    "data:;base64," + "A" * 400,
    "data:" + "a" * 400,
    "data:image/" + "a" * 400 + ";base64,AAAA",
    "dat:" + "a" * 400,
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("slash", ["/", "\\/", "\\u002f"])
@pytest.mark.parametrize("ascii", [True, False])
def test_odd_texts_get_the_same_verdict(text: str, slash: str, ascii: bool) -> None:
    body = messages(PLAIN, text, prompt="a")
    written = json.dumps(body, ensure_ascii=ascii).replace("/", slash)
    raw = written.encode("utf-8", "surrogatepass")
    for size in (1, 3, 7, 101, 401, len(raw)):
        reader = read(raw, size)
        try:
            due = json.loads(raw)
        except ValueError:  # a surrogate that is no character
            with pytest.raises(ValueError):
                value(reader)
            continue
        again = value(reader)
        assert verdict(again, "async") == verdict(due, "async")
        met, uri = again["input"]["messages"][0]["content"][0]["image"], parse_data_uri(text)
        assert (
            len(met) == len(text)
            and parse_data_uri(met) == uri
            and met[3:9] == text[3:9]
            and met[-1] == text[-1]
        )
        assert str(met)[300:] == text[300:] and safe_repr(met) == safe_repr(text)
        reader.close()


@pytest.mark.parametrize("name", sorted(pictures()))
def test_every_kind_of_picture_tells_the_same_facts(name: str) -> None:
    kind = name.partition("-")[0]
    text = f"data:image/{kind};base64,{base64.b64encode(pictures()[name]).decode()}"
    reader = read(json.dumps([text]).encode(), 31)
    (met,) = value(reader)
    assert len(reader.texts) == 1 and parse_data_uri(met) == parse_data_uri(text)
    assert met.stored.data() == pictures()[name]
    reader.close()


def test_escaped_slashes_are_no_hindrance() -> None:
    text = "data:image/png;base64," + "ab//" * 100
    raw = json.dumps([text]).replace("/", "\\/").encode()
    for size in range(1, 60):
        reader = read(raw, size)
        (met,) = value(reader)
        assert len(reader.texts) == 1 and met[:] == text
        reader.close()


def test_a_text_is_whole_beyond_its_beginning() -> None:
    text = "data:image/png;base64," + "ABCD" * (HEAD // 2)
    (met,) = value(reader := read(json.dumps([text]).encode(), 9999, 5000))
    assert len(str(met)) == len(met) == len(text) and str(met)[-9:] == text[-9:]
    assert met[HEAD - 2 : HEAD + 2] == text[HEAD - 2 : HEAD + 2] and met[HEAD + 5] == text[HEAD + 5]
    assert (
        met[-3:] == text[-3:]
        and met[10:5] == ""
        and deepcopy([met])[0] is met
        and safe_repr(met) == safe_repr(text)
    )
    with pytest.raises(IndexError):
        met[len(text)]
    reader.close()


@pytest.mark.parametrize("ends", ["too large", "gone"])
def test_a_body_that_never_gets_whole_lets_go_of_its_file(ends: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chunk = {"type": "http.request", "body": b'["data:image/png;base64,' + b"A" * 500, "more_body": True}
    rest = chunk | {"more_body": False} if ends == "too large" else {"type": "http.disconnect"}
    messages = iter([chunk, rest])
    reader, closed = StreamingJsonBody(900, 900, 50), []
    monkeypatch.setattr(reader, "close", lambda close=reader.close: closed.append(close()))

    async def receive() -> Any:
        return next(messages)

    with pytest.raises((TooLarge, ClientDisconnected)):
        asyncio.run(read_body({}, receive, lambda: reader, ServerLimits()))
    assert closed


def test_what_is_no_json_stays_none() -> None:
    raw = json.dumps(messages(PLAIN, data_uri(300, 300))).encode()
    for broken in (raw[:-1], raw[:200], raw + b"}", raw.replace(b'"}', b'\n"}', 1), b'"' + raw, raw[1:]):
        reader = read(broken, 37)
        with pytest.raises(ValueError):
            value(reader)
        reader.close()


def test_long_keys_and_depth_are_put_back() -> None:
    uri = data_uri(64, 64)
    deep = json.loads("[" * 500 + json.dumps({uri: [uri], "b": {"c": uri}}) + "]" * 500)
    again = value(reader := read(json.dumps(deep).encode(), 31))
    assert len(reader.texts) == 3
    for _ in range(500):
        (again,) = again
    assert [key[:] for key in again] == [uri, "b"] and again["b"]["c"][:] == uri
    reader.close()


def test_nobody_can_name_the_text_of_another() -> None:
    raw = json.dumps({"a": data_uri(64, 64), "b": "long text 0"}).encode()
    first, second = read(raw, 99), read(raw, 99)
    assert set(first.texts).isdisjoint(second.texts) and value(first)["b"] == "long text 0"
    first.close()
    second.close()


@pytest.mark.parametrize(
    "raw", [b'"' + b"x" * 500, b'"data:' + b"\\u0041" * 90, b'"data:' + b"A" * 60 + "é".encode() * 250]
)
def test_what_stays_in_memory_is_bound(raw: bytes) -> None:
    reader = StreamingJsonBody(MUCH, 300, 50)
    with pytest.raises(TooLarge):
        for at in range(0, len(raw), 40):
            reader.feed(raw[at : at + 40])
    reader.close()


def test_the_whole_is_bound() -> None:
    reader = StreamingJsonBody(1000, 300, 50)
    with pytest.raises(TooLarge, match="1,000"):
        reader.feed(b'"data:' + b"A" * 2000)
    reader.close()


def handled(emulator: Emulator, raw: bytes, size: int, long: int) -> Response:
    reader = read(raw, size, long)
    path = "/api/v1/services/aigc/image-generation/generation"
    headers = HEADERS | {"x-dashscope-async": "enable"}
    request = Request("POST", path, headers, bytes(reader.body), ORIGIN, reader.texts)
    try:
        return emulator.handle(request)
    finally:
        reader.close()


def drawn(emulator: Emulator) -> bytes:
    return emulator.picture(emulator.jobs()[0], 0)


def test_the_same_picture_is_drawn_from_a_streamed_body() -> None:
    raw = json.dumps(messages(PLAIN, data_uri(300, 300), data_uri(400, 300, "jpeg"), n=1)).encode()
    plain, streamed = Emulator(), Emulator()
    assert handled(plain, raw, 999, MUCH).body == handled(streamed, raw, 999, 50).body
    assert drawn(plain) == drawn(streamed)
    assert plain.stored_bytes == streamed.stored_bytes
    plain.close()
    streamed.close()


def big(width: int) -> str:
    data = picture("png", size=(width, 300)) + bytes(7 << 20)
    return "data:image/png;base64," + base64.b64encode(data).decode()


def test_large_files_stay_where_they_are_until_nobody_needs_them() -> None:
    raw = json.dumps(messages(PLAIN, big(300), big(400), n=1)).encode()
    plain, streamed = Emulator(), Emulator()
    assert (
        told(handled(plain, raw, 250_001, MUCH))["output"]
        == told(handled(streamed, raw, 250_001, LONG))["output"]
    )
    assert drawn(plain) == drawn(streamed)
    memory, disk = streamed.stored_bytes
    assert memory == 0 and len(raw) - 1000 < disk < len(raw)
    streamed.clock.advance(300_000)  # type: ignore[attr-defined]
    handled(streamed, json.dumps(BODIES[PLAIN]).encode(), 99, LONG)
    assert streamed.stored_bytes == (0, 0)
    plain.close()
    streamed.close()


def test_a_refused_body_leaves_nothing() -> None:
    emulator = Emulator()
    raw = json.dumps(messages(PLAIN, big(100))).encode()  # too small a side
    assert handled(emulator, raw, 250_001, LONG).status == 400 and emulator.stored_bytes == (0, 0)


def test_the_rules_tried_are_those_of_images() -> None:
    kinds = {rule.kind for rule in IMAGE_RULES}
    assert {"encoding", "mime", "formats", "min_side", "max_side", "max_bytes", "schemes"} <= kinds
