"""Data URIs: the form, what of the base64 is judged, and that a large one is neither copied nor decoded."""

import base64
import re
import struct
import tracemalloc
from binascii import a2b_base64

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.image_files import SIZE, jpeg, jpeg_segment, pictures
from wanlib.validation import data_uri
from wanlib.validation.data_uri import CHECKED_CHARACTERS, DataUri, parse_data_uri
from wanlib.validation.image_header import ImageInfo, Read, image_info_from_bytes

PREFIX = "data:image/png;base64,"
NOTHING = ImageInfo(None, None, None, 0)


def uri(data: bytes) -> str:
    return PREFIX + base64.b64encode(data).decode()


def problem(text: str) -> str | None:
    judged = parse_data_uri(text)
    assert judged is not None
    assert (judged.problem is None) == (judged.facts is not None)
    return judged.problem


@pytest.mark.parametrize("name", pictures())
def test_facts_are_those_of_the_bytes(name: str) -> None:
    data = pictures()[name]
    for more in (b"", b"0", b"00"):  # each way of padding
        assert parse_data_uri(uri(data + more)) == DataUri(
            "image/png", None, image_info_from_bytes(data + more)
        )


@pytest.mark.parametrize(
    ("text", "mime"),
    [
        ("data:image/png;base64,", "image/png"),
        ("DATA:Image/PNG;BASE64,", "image/png"),
        ("data:image/svg+xml;base64,", "image/svg+xml"),
        ("data:application/vnd.x-1_2;base64,", "application/vnd.x-1_2"),
        (f"data:{'a' * 127}/{'b' * 127};base64,", f"{'a' * 127}/{'b' * 127}"),
    ],
)
def test_the_form_without_case(text: str, mime: str) -> None:
    assert parse_data_uri(text) == DataUri(mime, None, NOTHING)


@pytest.mark.parametrize(
    "text",
    ["", "dat", "data", " data:image/png;base64,", "http://a/data:", "image/png;base64,", "\uff44ata:"],
)
def test_texts_that_are_not_data_uris(text: str) -> None:
    assert parse_data_uri(text) is None


@pytest.mark.parametrize(
    "prefix",
    [
        "data:", "data:,", "data:;base64,", "data:image/png,", "data:image/png;base64",
        "data:image/png;base64;", "data:image;base64,", "data:image/;base64,", "data:/png;base64,",
        "data:image/png/x;base64,", "data: image/png;base64,", "data:image/png ;base64,",
        "data:image/png; base64,", "data:image/png;base64 ,", "data:image/png;charset=utf-8;base64,",
        "data:image/png;;base64,", "data:image/*;base64,", "data:image/\u017fvg;base64,",
        "data:image/png;ba\u017fe64,", "data://image/png;base64,", "data:image/png\n;base64,",
        "data:image/\u0661;base64,", f"data:{'a' * 128}/b;base64,",
    ],
)  # fmt: skip
def test_a_broken_form(prefix: str) -> None:
    assert parse_data_uri(prefix + "AAAA") == DataUri("", "it does not begin with data:MIME;base64,", None)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("AA A", "character 3 of the base64 text is ' '"),
        ("AAA\n", r"character 4 of the base64 text is '\n'"),
        ("\tAAA", r"character 1 of the base64 text is '\t'"),
        ("AA-_", "character 3 of the base64 text is '-'"),
        ("AAé=", r"character 3 of the base64 text is '\xe9'"),
        ("A\ud800AA", r"character 2 of the base64 text is '\ud800'"),
        ("A", "the base64 text has 1 characters, not a multiple of 4"),
        ("AAA", "the base64 text has 3 characters, not a multiple of 4"),
        ("AAAAA=", "the base64 text has 6 characters, not a multiple of 4"),
        ("A===", "the base64 text has a = that is not padding at its end"),
        ("====", "the base64 text has a = that is not padding at its end"),
        ("AA=A", "the base64 text has a = that is not padding at its end"),
        ("AA==AAAA", "the base64 text has a = that is not padding at its end"),
        ("AAA=\n\n\n\n", "the base64 text has a = that is not padding at its end"),
    ],
)
def test_broken_base64(data: str, words: str) -> None:
    assert parse_data_uri(PREFIX + data) == DataUri("image/png", words, None)


# RFC 4648, section 4. The strict decoder alone is no measure: CPython 3.11 takes "AAAA=" and "AAAA====".
QUANTA = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


@settings(deadline=None)
@given(st.text(st.sampled_from("Az09+/=\n-é"), max_size=12) | st.text(st.sampled_from("AAAA="), max_size=12))
@example("AAAA=")
@example("AAAA====")
@example("AAA=")
def test_short_base64_is_judged_as_its_grammar_and_measured_as_the_decoder_does(data: str) -> None:
    judged = parse_data_uri(PREFIX + data)
    assert judged
    if QUANTA.fullmatch(data):
        assert judged.facts and judged.facts.bytes == len(base64.b64decode(data, validate=True))
    else:
        assert judged.problem and judged.facts is None


@settings(deadline=None)
@given(
    st.text(st.characters()),
    st.sampled_from(["", "data:", "data:image/png;base64,", "data:image/png;base64,/9j/"]),
)
@example("\ud800", "data:")
def test_any_text_is_judged(text: str, prefix: str) -> None:
    judged = parse_data_uri(prefix + text)
    assert (judged is not None) == (prefix + text)[:5].lower().startswith("data:")


@pytest.mark.parametrize("bad", ["\n", "é", "\U0001f600", "\ud800", "-"])
def test_the_alphabet_is_judged_in_the_first_64_kib_and_the_last_four(bad: str) -> None:
    length = CHECKED_CHARACTERS + 4096
    for at, is_judged in {
        0: True,
        CHECKED_CHARACTERS - 1: True,
        CHECKED_CHARACTERS: False,
        length - 5: False,
        length - 4: True,
        length - 1: True,
    }.items():
        text = PREFIX + "A" * at + bad + "A" * (length - at - 1)
        assert (problem(text) is not None) == is_judged, at


@pytest.mark.parametrize("pads", [1, 2])
def test_the_last_four_are_judged_before_the_padding(pads: int) -> None:
    text = PREFIX + "A" * CHECKED_CHARACTERS + "A" * (4 - pads - 1) + "\n" + "=" * pads
    assert problem(text) == rf"character {CHECKED_CHARACTERS + 4 - pads} of the base64 text is '\n'"


def test_padding_is_judged_everywhere() -> None:
    assert problem(PREFIX + "A" * (CHECKED_CHARACTERS + 8) + "AAA=" + "A" * 4096)


@settings(deadline=None)
@given(st.binary(max_size=40), st.integers(0, 50), st.integers(0, 50))
def test_the_header_reader_is_given_the_bytes_that_it_asks_for(data: bytes, offset: int, length: int) -> None:
    asked = []

    def asking(read: Read, size: int) -> ImageInfo:
        asked.append((read(offset, length), size))
        return NOTHING

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_uri, "read_image_header", asking)
        parse_data_uri(uri(data))
    assert asked == [(data[offset : offset + length], len(data))]


def far_jpeg(segments: int) -> bytes:
    """A JPEG whose frame header comes after `segments` of 64 KiB."""
    return jpeg(*[jpeg_segment(0xE2, bytes(65533))] * segments)


def test_only_windows_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []

    def counted(text: str, *, strict_mode: bool) -> bytes:
        decoded.append(len(text))
        return a2b_base64(text, strict_mode=strict_mode)

    monkeypatch.setattr(data_uri, "a2b_base64", counted)
    data = far_jpeg(40)
    assert parse_data_uri(uri(data)) == DataUri("image/png", None, image_info_from_bytes(data))
    assert image_info_from_bytes(data)[1:3] == SIZE
    assert len(decoded) == 41
    assert max(decoded) < 700


def test_broken_base64_far_inside_makes_the_header_unreadable() -> None:
    data = far_jpeg(3)
    text = uri(data)
    at = len(PREFIX) + (2 + 65537) * 4 // 3 + 65537  # within the second segment, which is passed over unread
    assert parse_data_uri(text[:at] + "\n" + text[at + 1 :]) == parse_data_uri(text)
    for bad in "\n\ud800é":
        broken = text[:-16] + bad + text[-15:]
        assert parse_data_uri(broken) == DataUri("image/png", None, ImageInfo("jpeg", None, None, len(data)))


@pytest.mark.parametrize(
    "text",
    [
        PREFIX + "iVBORw0KGgoAAAANSUhEUgAABAAAAAMACAIAAAA" + "A" * 27_000_001,
        "data:" + "a" * 20_000_000,
        "data:image/png;" + "=" * 20_000_000,
        PREFIX + "=" * 20_000_000,
        PREFIX + "A" * 1000 + "=" * 20_000_000,
        "data:image/png;base64\u017f" + "é" * 20_000_000,
        "a" * 20_000_000,
    ],
    ids=["picture", "no-comma", "no-base64", "padding", "more-padding", "not-ascii", "other"],
)  # fmt: skip
def test_a_large_text_is_not_copied(text: str) -> None:
    tracemalloc.start()
    parse_data_uri(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


def test_a_large_picture_is_judged() -> None:
    data = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + struct.pack(">II", *SIZE) + bytes(20_000_000)
    assert parse_data_uri(uri(data)) == DataUri("image/png", None, ImageInfo("png", *SIZE, len(data)))
