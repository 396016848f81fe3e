"""`wanlib check`: its output as text and JSON, prices, corrections and exit codes."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support.api_facts import default_of, limit_of, price_of
from wanlib.spec.load import spec_folder

Body = dict[str, Any]

_VIOLATION = {
    "type": "object",
    "properties": {
        "rule": {"type": "string", "pattern": r"^[a-z0-9.]+/\S+$"},
        "outcome": {"enum": ["rejected", "truncated", "ignored", "unspecified"]},
        "path": {"type": "string", "pattern": "^(/.*)?$"},
        "message": {"type": "string", "minLength": 10},
        "limit": True,
        "value": True,
    },
    "required": ["rule", "outcome", "path", "message", "limit", "value"],
    "additionalProperties": False,
}
_PRICE = {
    "type": "object",
    "properties": {
        "amount": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    },
    "required": ["amount", "currency"],
    "additionalProperties": False,
}
JUDGED = Draft202012Validator(
    {
        "type": "object",
        "properties": {
            "model": {"type": ["string", "null"]},
            "ok": {"type": "boolean"},
            "pictures": {"type": ["integer", "null"], "minimum": 1},
            "price": {"oneOf": [{"type": "null"}, _PRICE]},
            "violations": {"type": "array", "items": _VIOLATION},
        },
        "required": ["model", "ok", "pictures", "price", "violations"],
        "additionalProperties": False,
    }
)
UNREADABLE = Draft202012Validator(
    {
        "type": "object",
        "properties": {
            "line": {"type": "integer", "minimum": 1},
            "ok": {"const": False},
            "error": {"type": "string", "minLength": 5},
            "violations": {"const": []},
        },
        "required": ["line", "ok", "error", "violations"],
        "additionalProperties": False,
    }
)

# What is put into the parameters of a clean body, the rule that it breaks, and the exit codes.
BREAKS = [
    ({"n": 99}, "wan2.7/n.max", 1, 1),
    ({"thinking_mode": True}, "wan2.7/thinking_mode.effective", 0, 1),
    ({"negative_prompt": "x"}, "wan2.7/only_for", 0, 1),
    ({"cfg": 1}, "wan2.7/unknown", 0, 1),
    ({}, None, 0, 0),
]


def text(body: object) -> bytes:
    return json.dumps(body).encode()


def ids(printed: Body) -> list[str]:
    return [row["rule"] for row in printed["violations"]]


@pytest.mark.parametrize(("more", "rule", "code", "strict"), BREAKS)
def test_exit_codes(
    wanlib: Callable[..., Any], clean: Body, more: Body, rule: str, code: int, strict: int
) -> None:
    clean["parameters"] |= more
    for options, expected in (((), code), (("--strict",), strict)):
        ran = wanlib("check", "-", "--json", *options, stdin=text(clean))
        printed = json.loads(ran.out)
        assert (ran.code, ran.err) == (expected, "")
        assert ids(printed) == ([rule] if rule else [])
        assert printed["ok"] is (code == 0)


def test_truncated_counts_as_refused(wanlib: Callable[..., Any], clean: Body) -> None:
    clean["input"]["messages"][0]["content"][1]["text"] = "x" * 9999
    ran = wanlib("check", "-", stdin=text(clean))
    assert ran.code == 1
    assert ran.out.splitlines()[0] == "truncated"
    assert ran.out.splitlines()[-2:] == [
        "1 violation: 1 would be truncated",
        f"1 picture, {price_of(MODEL)} CNY",
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"model": "wan2.7-image"},
        {"model": "wan9"},
        {"model": 7},
        {"model": None},
        {},
        [],
        None,
        "wan2.7-image",
        1e999,
        {
            "model": "wan2.7-image",
            "input": {"messages": [{"role": 1, "content": [{"image": "data:;base64,"}, 5]}]},
        },
        {
            "model": "wan2.7-image",
            "parameters": {"n": 10**30, "size": {"a": [1] * 99}, "x/~": 1, "seed": 1.5},
        },
        {
            "model": "wanx2.1-imageedit",
            "input": {"function": "doodle", "base_image_url": "http://é.example/a.png"},
        },
    ],
    ids=str,
)
def test_json_has_its_shape(wanlib: Callable[..., Any], body: object) -> None:
    ran = wanlib("check", "-", "--json", stdin=text(body).replace(b"Infinity", b"1e999"))
    printed = json.loads(ran.out)
    JUDGED.validate(printed)
    assert ran.out.count("\n") == 1
    assert ran.code == 1
    assert printed["ok"] is False
    model = body.get("model") if isinstance(body, dict) else None
    assert printed["model"] == (model if isinstance(model, str) else None)
    known = model in ("wan2.7-image", "wanx2.1-imageedit")
    assert (ids(printed) == ["wire/model"]) is not known


def test_text_is_ok_or_grouped(wanlib: Callable[..., Any], clean: Body, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_bytes(text(clean))
    assert wanlib("check", file) == (0, f"ok\n1 picture, {price_of(MODEL)} CNY\n", "")
    clean["parameters"] |= {"n": 99, "seed": -1, "thinking_mode": True, "cfg": 1}
    file.write_bytes(text(clean))
    ran = wanlib("check", file)
    lines = ran.out.splitlines()
    assert ran.code == 1
    assert [line for line in lines if line[0] != " "] == [
        "rejected",
        "ignored",
        "unspecified",
        "4 violations: 2 would be rejected, 1 ignored, 1 unspecified",
        f"99 pictures, {price_of(MODEL, 99)} CNY",
    ]
    most = limit_of("wan2.7/n.max")
    assert [line for line in lines if "(wan2.7/n.max)" in line] == [
        f"  n at /parameters/n is 99; at most {most} (wan2.7/n.max). Send {most} or less."
    ]


def test_call(wanlib: Callable[..., Any], clean: Body) -> None:
    for call, expected in (("sync", []), ("async", []), ("stream", ["wire/endpoints"])):
        ran = wanlib("check", "-", "--json", "--call", call, stdin=text(clean))
        assert (ids(json.loads(ran.out)), ran.code) == (expected, len(expected))
    ran = wanlib("check", "-", "--call", "telepathy", stdin=text(clean))
    assert ran.code == 2
    assert "telepathy" in ran.err
    assert ran.out == ""


def test_local(wanlib: Callable[..., Any], clean: Body, tmp_path: Path) -> None:
    clean["input"]["messages"][0]["content"][0]["image"] = "http://127.0.0.1:8000/a.png"
    body = json.dumps(clean).encode()
    copy = copytree(spec_folder(), tmp_path / "spec")
    for spec in ((), ("--spec", str(copy))):
        refused = wanlib("check", "-", *spec, stdin=body)
        assert refused.code == 1 and "wan2.7/images.each.public" in refused.out
        assert wanlib("check", "-", "--local", *spec, stdin=body).code == 0


def test_lines_are_checked_in_order(wanlib: Callable[..., Any], clean: Body, tmp_path: Path) -> None:
    wrong = clean | {"model": "wan9"}
    lines = [text(clean), b'{"a":', b"", text(wrong), b"\xff", b"[NaN]", b"[" * 100_000, text(clean)]
    file = tmp_path / "bodies.jsonl"
    file.write_bytes(b"\r\n".join(lines) + b"\r\n")
    ran = wanlib("check", file, "--lines", "--json")
    printed = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.code, ran.err) == (2, "")
    for number, row in enumerate(printed, 1):
        if number in (1, 4, 8):
            JUDGED.validate(row)
            assert row["ok"] is (number != 4)
        else:
            UNREADABLE.validate(row)
            assert row["line"] == number
    assert len(printed) == len(lines)
    assert printed[1]["error"] == "column 7: is not JSON: expecting value"


@pytest.mark.parametrize(
    ("lines", "options", "code"),
    [
        ("clean", (), 0),
        ("clean ignored", (), 0),
        ("clean ignored", ("--strict",), 1),
        ("refused clean", (), 1),
        ("broken refused", (), 2),
        ("refused broken", (), 2),
    ],
)
def test_exit_of_lines_is_the_highest(
    wanlib: Callable[..., Any], clean: Body, lines: str, options: tuple[str, ...], code: int
) -> None:
    with_parameters = {
        name: clean | {"parameters": more}
        for name, more in (("refused", {"n": 9}), ("ignored", {"thinking_mode": True}))
    }
    known = {"clean": text(clean), "broken": b"{"} | {
        name: text(body) for name, body in with_parameters.items()
    }
    raw = b"\n".join(known[name] for name in lines.split())
    ran = wanlib("check", "-", "--lines", *options, stdin=raw)
    assert ran.code == code
    assert len(ran.out.splitlines()) == len(lines.split())


def test_a_line_that_is_too_large_is_skipped(
    wanlib: Callable[..., Any], clean: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wanlib.cli.input_files.LIMIT", len(text(clean)))
    monkeypatch.setattr("wanlib.cli.input_files._CHUNK", 10)
    large = text(clean) + b" " * 1000
    ran = wanlib("check", "-", "--lines", stdin=b"\n".join([text(clean), large, text(clean), large]))
    assert ["error" in json.loads(line) for line in ran.out.splitlines()] == [False, True, False, True]
    assert ran.code == 2


def test_another_spec(wanlib: Callable[..., Any], clean: Body, tmp_path: Path) -> None:
    folder = copytree(spec_folder(), tmp_path / "spec")
    family = folder / "wan2.7.yaml"
    family.write_text(
        re.sub("(?m)^    max_count: .*", "    max_count: 1", family.read_text("utf-8"), count=1), "utf-8"
    )
    content = clean["input"]["messages"][0]["content"]
    content.insert(0, content[0])
    assert wanlib("check", "-", stdin=text(clean)).code == 0
    ran = wanlib("check", "-", "--json", "--spec", folder, stdin=text(clean))
    assert ran.code == 1
    assert ids(json.loads(ran.out)) == ["wan2.7/images.max_count"]


MODEL, DEFAULT_N = "wan2.7-image", default_of("wan2.7/n")
DEFAULT_BILL = f"{DEFAULT_N} pictures, {price_of(MODEL, DEFAULT_N)} CNY (n is not given: default {DEFAULT_N})"


def test_the_header_that_an_uploaded_image_needs_is_named(
    wanlib: Callable[..., Any], clean: Body, tmp_path: Path
) -> None:
    note = "oss:// URLs need the header X-DashScope-OssResourceResolve: enable"
    assert note not in wanlib("check", "-", stdin=text(clean)).out
    clean["input"]["messages"][0]["content"][0]["image"] = "oss://dashscope-instant/a.png"
    for spec in ((), ("--spec", str(copytree(spec_folder(), tmp_path / "spec")))):
        ran = wanlib("check", "-", *spec, stdin=text(clean))
        assert ran.code == 0 and note in ran.out
        assert note not in wanlib("check", "-", "--json", *spec, stdin=text(clean)).out


def test_the_price_follows_the_result(wanlib: Callable[..., Any], clean: Body) -> None:
    clean["parameters"] = {}
    for_testing = "n=1 is recommended for testing"
    assert wanlib("check", "-", stdin=text(clean)) == (0, f"ok\n{DEFAULT_BILL}\n{for_testing}\n", "")
    printed = json.loads(wanlib("check", "-", "--json", stdin=text(clean)).out)
    assert (printed["pictures"], printed["price"]) == (
        DEFAULT_N,
        {"amount": str(price_of(MODEL, DEFAULT_N)), "currency": "CNY"},
    )
    clean["parameters"] = {"n": "four"}
    ran = wanlib("check", "-", stdin=text(clean))
    assert ran.out.splitlines()[-1].startswith("pictures and price unknown: n is 'four', ")


# What the parameters are, --max-price, the region, the exit code and what stderr says.
TWO, THERE = price_of(MODEL, 2), price_of(MODEL, 2, "singapore")
LESS = TWO - Decimal("0.01")
CAPS: list[tuple[Body, str, str | None, int, str]] = [
    ({"n": 2}, f"{TWO}", None, 0, ""),
    ({"n": 2}, f"{TWO.normalize()}", None, 0, ""),
    ({"n": 2}, f"{LESS}", None, 1, f"the price could be {TWO} CNY, more than --max-price {LESS}"),
    ({"n": 2}, f"{TWO}", "singapore", 1, f"the price could be {THERE} CNY, more than --max-price {TWO}"),
    ({"n": 2}, "9", "virginia", 1, "no page states a price for wan2.7-image in region virginia"),
    ({"n": None}, "9", None, 1, "the price is unknown, so it may be more than --max-price 9: n is null"),
    ({"n": 2, "cfg": 1}, "0", None, 1, f"the price could be {TWO} CNY, more than --max-price 0"),
]


@pytest.mark.parametrize(("parameters", "cap", "region", "code", "reason"), CAPS)
def test_max_price(
    wanlib: Callable[..., Any],
    clean: Body,
    parameters: Body,
    cap: str,
    region: str | None,
    code: int,
    reason: str,
) -> None:
    clean["parameters"] = parameters
    options = ["--max-price", cap, *(["--region", region] if region else [])]
    for form in ((), ("--json",), ("--lines",), ("--spec", spec_folder())):
        ran = wanlib("check", "-", *options, *form, stdin=text(clean))
        assert (ran.code, reason in ran.err, bool(ran.err)) == (code, True, bool(reason)), form
        assert ("line 1: " in ran.err) is (form == ("--lines",) and bool(reason))


def test_max_price_and_region_are_checked_first(wanlib: Callable[..., Any]) -> None:
    for option, value, problem in (
        ("--max-price", "much", "--max-price is 'much'; allowed: an amount of money"),
        ("--max-price", "-1", "--max-price is '-1'; allowed: an amount of money"),
        ("--region", "moon", "--region 'moon': unknown region; known: beijing, singapore"),
    ):
        for form in ((), ("--spec", spec_folder())):
            ran = wanlib("check", "-", option, value, *form, stdin=b"{}")
            assert (ran.code, ran.out) == (2, "")
            assert problem in ran.err


def test_both_readings_print_the_same_bill(wanlib: Callable[..., Any], clean: Body) -> None:
    for parameters in ({}, {"n": 2}, {"enable_sequential": True}, {"n": True}):
        clean["parameters"] = parameters
        one, other = (
            wanlib("check", "-", *more, stdin=text(clean)) for more in ((), ("--spec", spec_folder()))
        )
        assert one == other


SECRETS = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo", "TOPSECRET"


def test_no_secret_is_shown(wanlib: Callable[..., Any], clean: Body) -> None:
    uri = f"data:image/png;base64,{SECRETS[0] * 50}"
    url = f"ftp://example.com/a.png?Signature={SECRETS[1]}"
    clean["input"]["messages"][0]["content"] = [{"image": uri}, {"image": url}, {"text": uri}, {uri: 1}, url]
    clean["parameters"] = {"size": url, "n": uri, url: uri, "bbox_list": [uri, [url]], uri: [url]}
    clean |= {uri: 1, url: 2}
    bodies = [clean, clean | {"model": uri}, clean | {"model": url}, uri, [url], {"model": [uri, url]}]
    broken = [f'{{"{each}":1,"{each}":2}}'.encode() for each in (uri, url)] + [f'{{"a": "{uri}'.encode()]
    raws = [text(body) for body in bodies] + broken
    for raw in [*raws, b"\n".join(raws)]:
        for options in ((), ("--json",), ("--lines",)):
            ran = wanlib("check", "-", *options, stdin=raw)
            assert ran.code in (1, 2)
            assert not any(secret in ran.out + ran.err for secret in SECRETS)
    for name in (uri, url, text(clean).decode()):
        ran = wanlib("check", name)
        assert ran.code == 2
        assert not any(secret in ran.out + ran.err for secret in SECRETS)


@pytest.mark.parametrize("arguments", ["check -", "rules wan2.7-image"])
def test_a_command_loads_only_needed_modules(
    process: Callable[..., Any], clean: Body, arguments: str
) -> None:
    heavy = {
        "yaml",
        "jsonschema",
        "rich",
        "PIL",
        "httpx",
        "hypothesis",
        "wanlib.spec",
        "wanlib.emit",
        "asyncio",
    }
    code = (
        "import atexit, sys; from wanlib.cli import main\n"
        f"atexit.register(lambda: print(sorted({heavy!r} & sys.modules.keys()), file=sys.stderr))\n"
        "main()"
    )
    out, err = process(*arguments.split(), code=code).communicate(text(clean))
    assert out
    assert err == b"[]\n"
