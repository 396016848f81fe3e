"""Bodies on the wire: the same JSON as without streaming, of the stated length, as often as they are read."""

import asyncio
import base64
import json
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wanlib.boundary.images import encode_image
from wanlib.client.images.inputs import to_image_input
from wanlib.client.images.json_body import CHUNK, encode_json_body, redact_body
from wanlib.errors import InvalidArgumentError

SMALL = encode_image("png", 400, 400)
LARGE = encode_image("png", 400, 400, size_bytes=2 * CHUNK + 1)
EXACT = encode_image("png", 400, 400, size_bytes=CHUNK)


def source(data: Any) -> Any:
    return to_image_input(data, file_urls=False, mimes={}, schemes=(), argument="images[0]")


def uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def body(*images: Any) -> dict[str, Any]:
    content = [{"text": 'a "ä" \u2028 😀'}, *({"image": each} for each in images)]
    return {
        "model": "m",
        "input": {"messages": [{"content": content}]},
        "parameters": {"n": 1, "x": [1.5, None]},
    }


def wire(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


async def chunks_of(content: Any) -> list[bytes]:
    return [chunk async for chunk in content]


async def length_of(content: Any) -> int:
    total = 0
    async for chunk in content:
        total += len(chunk)
    return total


@pytest.fixture(params=["pybase64", "binascii"])
def encoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "binascii":
        monkeypatch.setitem(sys.modules, "pybase64", None)
    else:
        pytest.importorskip("pybase64")


def test_a_body_without_local_images_is_bytes() -> None:
    assert encode_json_body(body("https://a/b.png", "oss://k")) == wire(body("https://a/b.png", "oss://k"))


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("sizes", [[SMALL], [LARGE], [EXACT], [SMALL, LARGE, SMALL], [LARGE] * 9], ids=len)
def test_images_are_in_the_body_as_data_uris(sizes: list[bytes], tmp_path: Path) -> None:
    paths = [tmp_path / f"{index}.png" for index in range(len(sizes))]
    for path, data in zip(paths, sizes, strict=True):
        path.write_bytes(data)
    content: Any = encode_json_body(body(*map(source, paths)))
    due = wire(body(*map(uri, sizes)))
    assert b"".join(content) == due and content.length == len(due)
    assert b"".join(content) == due, "it can be sent again"
    assert b"".join(asyncio.run(chunks_of(content))) == due
    assert all(type(chunk) is bytes and len(chunk) <= CHUNK // 3 * 4 for chunk in content)


@pytest.mark.usefixtures("encoder")
@given(lengths=st.lists(st.integers(0, 20), max_size=3), width=st.sampled_from([3, 6, 9]))
@settings(max_examples=40)
def test_lengths_of_every_remainder(lengths: list[int], width: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wanlib.client.images.json_body.CHUNK", width)
        images = [bytes(range(length)) for length in lengths]
        given_body = {"a": "", "images": [source(each) for each in images], "b": {}}
        content: Any = encode_json_body(given_body)
        uris = [uri(each).replace("image/png", "application/octet-stream") for each in images]
        due = wire({"a": "", "images": uris, "b": {}})
        sent = content if isinstance(content, bytes) else b"".join(content)
        assert sent == due and (not images or content.length == len(due))


def test_one_source_in_two_places_stands_in_both() -> None:
    one = source(SMALL)
    content: Any = encode_json_body({"images": [one, one]})
    assert json.loads(b"".join(content)) == {"images": [uri(SMALL)] * 2}


def test_two_iterations_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(LARGE)
    content: Any = encode_json_body({"image": source(path)})
    pairs = list(zip(content, content, strict=True))
    assert (
        b"".join(one for one, _ in pairs)
        == b"".join(other for _, other in pairs)
        == wire({"image": uri(LARGE)})
    )


def test_a_long_text_comes_in_chunks_too() -> None:
    """httpx copies what is left of a whole body after each write."""
    long = body(uri(LARGE))
    content: Any = encode_json_body(long)
    assert b"".join(content) == wire(long) and content.length == len(wire(long))
    assert max(map(len, content)) == CHUNK


def test_no_image_is_ever_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode_image("png", 400, 400, size_bytes=100 * CHUNK))
    tracemalloc.start()
    try:
        content: Any = encode_json_body(body(*[source(path)] * 3))
        total = sum(map(len, content)) + asyncio.run(length_of(content))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 2 * content.length and peak < 8 * CHUNK


def test_a_file_left_in_the_middle_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(LARGE)
    content: Any = encode_json_body({"image": source(path)})
    for begin in (iter, aiter):
        chunks: Any = begin(content)
        for _ in range(3):
            next(chunks) if begin is iter else asyncio.run(anext(chunks))
        del chunks  # an open file would warn here, and warnings are errors


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ("a\ud800b", r"a lone surrogate, '\\ud800'"),
        ({"\udfff": 1}, "a lone surrogate"),
        (float("nan"), "not JSON compliant"),
        (float("inf"), "not JSON compliant"),
        (b"secret" * 20, "<120 bytes>"),
        (Path("a"), r"PosixPath\('a'\)"),
        ({(1, 2): 1}, "keys must be"),
    ],
)
def test_values_that_json_cannot_represent_are_refused(value: object, cause: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"can't be written as JSON: .*{cause}.*; allowed: "):
        encode_json_body({"value": value, "image": source(SMALL)})


def test_a_circle_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(InvalidArgumentError, match="Circular"):
        encode_json_body({"value": circle})


def test_deeply_nested_values_are_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InvalidArgumentError, match="recursion"):
        encode_json_body({"value": deep})


@pytest.mark.parametrize(
    ("made", "redacted"),
    [
        (lambda: source(SMALL), f"data:image/png;base64,… (bytes, {len(SMALL):,} bytes)"),
        (lambda: "https://me:pass@host/a.png?Signature=secret#x", "https://…@host/a.png?…"),
        (lambda: "https://host/a.png", "https://host/a.png"),
        (lambda: "Is this http://a/b?c=d a link? Ja: #1", "Is this http://a/b?c=d a link? Ja: #1"),
        (lambda: 1.5, 1.5),
    ],
)
def test_a_body_for_people(made: Callable[[], object], redacted: object) -> None:
    value = made()
    assert redact_body({"a": [value, {"b": value}]}) == {"a": [redacted, {"b": redacted}]}


def test_data_uris_are_short_for_people_and_the_body_is_left_alone() -> None:
    given_body = body(uri(LARGE), source(LARGE))
    shown = redact_body(given_body)
    assert len(json.dumps(shown)) < 600 and base64.b64encode(LARGE).decode()[:40] not in str(shown)
    assert given_body["input"]["messages"][0]["content"][1]["image"] == uri(LARGE)
    assert shown["parameters"] == given_body["parameters"]
