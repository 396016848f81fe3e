"""Pictures by range, as an object store serves them (RFC 9110, section 14)."""

import pytest

from tests.emulator.api_client import BODIES, PLAIN, create, fetch, json_of, links
from wanlib.emulator import Emulator, Request, Response

Whole = tuple[Emulator, str, Response]


@pytest.fixture(scope="module")
def whole() -> Whole:
    """An emulator, the path of a picture, and the response with all of it."""
    emulator = Emulator()
    url = links(json_of(create(emulator, BODIES[PLAIN], "sync")))[0]
    return emulator, url[url.index("/results/") :], fetch(emulator, url)


def get(emulator: Emulator, path: str, **headers: str) -> Response:
    """Return the response to a request with these headers; names have `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return emulator.handle(Request("GET", path, named))


def test_a_whole_picture_states_its_etag(whole: Whole) -> None:
    emulator, path, response = whole
    assert response.status == 200 and response.header("accept-ranges") == "bytes"
    assert response.header("etag") == get(emulator, path).header("etag")


def test_parts_make_up_the_whole(whole: Whole) -> None:
    emulator, path, response = whole
    body, etag = response.body, response.header("etag") or ""
    size = len(body)
    first = get(emulator, path, range="bytes=0-99")
    rest = get(emulator, path, range="bytes=100-", if_range=etag)
    beyond = get(emulator, path, range=f"bytes=100-{10 * size}")
    assert first.body + rest.body == first.body + beyond.body == body
    assert [part.status for part in (first, rest, beyond)] == [206] * 3
    assert first.header("content-range") == f"bytes 0-99/{size}"
    assert rest.header("content-range") == beyond.header("content-range") == f"bytes 100-{size - 1}/{size}"
    assert rest.header("etag") == etag


@pytest.mark.parametrize("wanted", ["bytes=5-3", "bytes=-5", "bytes=0-1,3-4", "items=0-1", "bytes=x-", ""])
def test_other_forms_are_ignored(whole: Whole, wanted: str) -> None:
    emulator, path, response = whole
    assert get(emulator, path, range=wanted) == response


def test_another_etag_gets_all_of_it(whole: Whole) -> None:
    emulator, path, response = whole
    assert get(emulator, path, range="bytes=100-", if_range='"other"') == response


def test_a_range_behind_the_end_is_refused(whole: Whole) -> None:
    emulator, path, response = whole
    size = len(response.body)
    refused = get(emulator, path, range=f"bytes={size}-")
    assert (refused.status, refused.body) == (416, b"")
    assert refused.header("content-range") == f"bytes */{size}"


def test_a_refusal_has_no_ranges(whole: Whole) -> None:
    emulator, path, _ = whole
    assert get(emulator, path.replace("/0.", "/99."), range="bytes=0-9").status == 403
