"""`LineChecker.line`: any line has the result of the strict reader and the full check."""

import json
import sys
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wan_conformance.strategies import mutated_bodies

from wanlib.cli import body_checks
from wanlib.cli.body_checks import CheckOptions, LineChecker
from wanlib.cli.input_files import parse_line
from wanlib.cli.strict_json import InvalidJsonError, count_colons
from wanlib.spec import load

BODIES = mutated_bodies(load())
SEPARATORS = [(", ", ": "), (",", ":"), (" , ", " : "), (",\t", "\t:"), (",", "\r:")]
NAMES = ['"n"', '"model"', '"\\u006e"', '"text"', '"hex"', '":"', '"x"']
VALUES = ["1", '":"', '"\\":"', "1e999", "NaN", '"\\ud800"', "123456789" * 9, "-0", "{}"]
OPTIONS = (CheckOptions(), CheckOptions(call="async", region="singapore", strict=True))


@cache
def checker(options: CheckOptions) -> LineChecker:
    """Return one checker for all tests, so that most results are those that it keeps."""
    return LineChecker(options)


def assert_as_in_full(raw: bytes, options: CheckOptions) -> None:
    body, checks = parse_line(raw), checker(options)
    if isinstance(body, InvalidJsonError):
        expected = f'{{"line": \0, "ok": false, "error": {json.dumps(str(body))}, "violations": []}}'
        code = 2
    else:
        assert json.dumps(body, ensure_ascii=False).count(":") >= (count_colons(body) or 0)
        result = checks.check(body)
        expected, code = json.dumps(result.to_dict()), checks.code(result)[0]
    line = checks.line(raw)
    assert (line.text, line.code) == (expected, code), raw


@st.composite
def hostile_texts(draw: st.DrawFn) -> bytes:
    """Bodies as several writers write them, with members repeated and characters replaced."""
    body = draw(BODIES)
    separators = draw(st.sampled_from(SEPARATORS))
    text = json.dumps(body, separators=separators, ensure_ascii=draw(st.booleans()))
    ends = [index for index, char in enumerate(text) if char == "}" and text[index - 1] != "{"]
    if ends and draw(st.booleans()):
        name, value = draw(st.sampled_from(NAMES)), draw(st.sampled_from(VALUES))
        place = draw(st.sampled_from(ends))
        text = f"{text[:place]},{name}{draw(st.sampled_from([':', ' :']))}{value}{text[place:]}"
    raw = text.encode("utf-8", "surrogatepass")
    return raw + draw(st.sampled_from([b"", b"\r", b"}", b"\xff"])) if draw(st.booleans()) else raw


@settings(max_examples=100, derandomize=True, database=None)
@given(hostile_texts(), st.sampled_from(OPTIONS))
def test_any_text_has_the_result_of_the_full_check(raw: bytes, options: CheckOptions) -> None:
    assert_as_in_full(raw, options)


CLEAN = '{"model": "wan2.7-image", "input": {"messages": [{"role": "user", "content": [{"text": "x"}]}]}%s}'
REPEATED = [
    ', "model": "wan2.7-image"',
    ', "model" : "wan2.7-image"',
    ', "parameters": {"n": 1, "n": 1}',
    ', "parameters": {"n" : 1, "n": 1}',
    ', "parameters": {"n"\t: 1, "n": 1}',
    ', "parameters": {"n"\r: 1, "n": 1}',
    ', "parameters": {"n": 1, "\\u006e": 1}',
    ', "parameters": {"n" : 1, "n": 1, "size": "2K"}',
    ', "parameters": {"color_palette": [{"hex": "#C2D1E6", "hex": "#C2D1E6", "ratio": "23.51%"}]}',
]
TEXTS = ["x", '\\":', ":", " :", "\\u003a", "\\u003A:"]
IMAGES = [
    "https://a.example.com/1",
    "https\\u003a//a.example.com/1",
    "https\\u003A//a.example.com/:",
    "data:,",
]


@pytest.mark.parametrize("tail", REPEATED)
def test_a_repeated_key_is_found(tail: str) -> None:
    for text in TEXTS:
        for image in ["", *(f'{{"image": "{image}"}}, ' for image in IMAGES)]:
            raw = (CLEAN.replace('{"text": "x"}', f'{image}{{"text": "{text}"}}') % tail).encode()
            assert "repeats the key" in checker(OPTIONS[0]).line(raw).text
            assert_as_in_full(raw, OPTIONS[0])


def test_numbers_and_texts_that_readers_understand_differently() -> None:
    for value in (
        "1",
        "1.0",
        "true",
        "18446744073709551616",
        "1e400",
        "NaN",
        "01",
        "-0",
        "-9223372036854775809",
        "1e-400",
        '"\\ud800"',
        "1" * 5000,
        "[" * 990 + "]" * 990,
    ):
        for name in ("n", "seed", "enable_sequential", "strength", "size"):
            for _ in range(2):  # the second time the result is a kept one
                assert_as_in_full((CLEAN % f', "parameters": {{"{name}": {value}}}').encode(), OPTIONS[0])
    for text in ('"\\ud83d\\ude00"', '"\\ud800"', '"\ud800"', '"\x7f"', '"\t"'):
        assert_as_in_full((CLEAN.replace('"x"', text) % "").encode("utf-8", "surrogatepass"), OPTIONS[0])


def test_cached_results_of_one_line_are_not_shown_for_another() -> None:
    parts = '{"text": "x"}, {"image": "https://example.com/1.png"}'
    begin = '{"model": "%s", "input": {"messages": [{"role": "user"%s, "content": [' + parts + "]}]}%s}"
    interleave = '"enable_interleave": true'
    for model in ("wan2.7-image", "wan2.6-image"):
        for member in ("", ', "thinking_mode": true'):
            for parameters in ('"n": 0.0', '"n": -0.0', f'{interleave}, "stream": true', interleave, ""):
                raw = (begin % (model, member, f', "parameters": {{{parameters}}}')).encode()
                for options in (*OPTIONS, CheckOptions(call="stream")):
                    assert_as_in_full(raw, options)


def test_the_usual_line_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(raw: bytes) -> Any:
        raise AssertionError(raw)

    checks = LineChecker(CheckOptions())
    monkeypatch.setattr(body_checks, "parse_line", unexpected)
    for text in ("x", "http://example.com", "梦", 'a: b, "c":'):
        palette = [{"hex": f"#0000{number:02}", "ratio": f"{number}.00%"} for number in (10, 30, 60)]
        body = json.loads((CLEAN % ', "parameters": {"n": 2}').replace('"x"', json.dumps(text)))
        body["parameters"]["color_palette"] = palette
        body["input"]["messages"][0]["content"].append({"image": "https://example.com/1.png"})
        for separators in SEPARATORS:
            raw = json.dumps(body, separators=separators).encode()
            assert '"ok": true, "pictures": 2,' in checks.line(raw).text
            assert "watermrak" in checks.line(raw.replace(b'"n"', b'"watermrak"')).text


def test_without_orjson(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "orjson", None)
    checks = LineChecker(CheckOptions())
    for tail in ("", ', "parameters": {"n": 0}', REPEATED[0], "}"):
        raw = (CLEAN % tail).encode()
        assert checks.line(raw) == checker(OPTIONS[0]).line(raw)
