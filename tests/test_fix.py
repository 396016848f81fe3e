"""`wanlib.fix` and `wanlib check --fix`: what is corrected, and what is never changed."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from wan_conformance.strategies import mutated_bodies

import wanlib
from tests.cli.conftest import in_process
from tests.emulator.api_client import data_uri, functional, messages, prompted
from wanlib.spec import load

SPEC = load()
W27, PRO, W26, W25, W21 = SPEC.models
URL = "https://example.com/a.png"
PNG = data_uri(600, 600)
PALETTE = [{"hex": "#112233", "ratio": each} for each in ("25%", "25.5%", "49.500%")]


def moved(body: dict[str, Any], name: str, value: Any, *path: str) -> dict[str, Any]:
    """Return a body with a member at a place where it does not belong."""
    changed = deepcopy(body)
    holder = changed
    for step in path:
        holder = holder[step]
    holder[name] = value
    return changed


FIXED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    *((messages(W27, size=size, n=1), messages(W27, size="1024*1024", n=1))
      for size in ("1024x1024", "1024X1024", "1024\u00d71024", " 1024 * 1024 ", "1024 x\t1024")),
    (messages(W27, size="2k", n=1), messages(W27, size="2K", n=1)),
    (messages(PRO, size=" 4k", n=1), messages(PRO, size="4K", n=1)),
    (messages("Wan2.7-Image", n=1), messages(W27, n=1)),
    (messages(" wan2.7-image ", size="1k", n=1), messages(W27, size="1K", n=1)),
    (functional(URL, function="Expand", n=1), functional(URL, function="expand", n=1)),
    (messages(W27, PNG.replace("image/png", "image/jpeg"), n=1), messages(W27, PNG, n=1)),
    (messages(W27, PNG.replace("image/png", "image/x-png"), n=1), messages(W27, PNG, n=1)),
    (messages(W27, f" {URL}\n", n=1), messages(W27, URL, n=1)),
    (moved(messages(W27, n=1), "size", "2K", "input"), messages(W27, n=1, size="2K")),
    (moved(messages(W27, n=1), "seed", 7), messages(W27, n=1, seed=7)),
    (
        moved(messages(W26, URL, n=1), "negative_prompt", "x", "input"),
        messages(W26, URL, n=1, negative_prompt="x"),
    ),
    (prompted(URL, n=1, negative_prompt="x"), moved(prompted(URL, n=1), "negative_prompt", "x", "input")),
    (
        messages(W27, n=1, color_palette=PALETTE),
        messages(
            W27,
            n=1,
            color_palette=[{"hex": "#112233", "ratio": each} for each in ("25.00%", "25.50%", "49.50%")],
        ),
    ),
    (moved(messages(W27, n=1), "size", "1024x1024", "input"), messages(W27, n=1, size="1024*1024")),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), FIXED)
def test_correctable_violations_are_corrected(body: dict[str, Any], expected: dict[str, Any]) -> None:
    before = deepcopy(body)
    fixed = wanlib.fix(body)
    assert fixed.body == expected
    assert fixed.changes and fixed.remaining == wanlib.check(expected) == []
    assert body == before


LEFT: list[tuple[dict[str, Any], list[str]]] = [
    (messages(W27, prompt="x" * 9999, n=1), ["wan2.7/prompt.max_chars"]),  # it is not cut
    (messages(W27, n=1, watermrak=True), ["wan2.7/unknown"]),  # a guess
    (messages(W27, n="2"), ["wan2.7/n.type"]),
    (messages(W27, n=None), ["wan2.7/n.type"]),
    (messages(W27, size="4k", n=1), ["wan2.7/size.keywords"]),  # not of this model
    (messages(W27, size="100x100", n=1), ["wan2.7/size.keywords"]),  # legal form, but too small
    (moved(messages(W27), "n", 1, "input"), ["wire/messages.input.unknown"]),  # 4 pictures would become 1
    (moved(messages(W27), "enable_sequential", True), ["wire/messages.unknown"]),  # 4 would become 12
    (moved(messages(W27, n=1, size="1K"), "size", "2K", "input"), ["wire/messages.input.unknown"]),  # taken
    (messages("wan3-image", n=1), ["wire/model"]),
]


@pytest.mark.parametrize(("body", "rules"), LEFT)
def test_violations_that_cannot_be_corrected_remain(body: dict[str, Any], rules: list[str]) -> None:
    fixed = wanlib.fix(body)
    assert (fixed.body, fixed.changes) == (body, ())
    assert [each.rule for each in fixed.remaining] == rules


@settings(max_examples=250, derandomize=True, database=None)
@given(mutated_bodies(SPEC))
def test_no_correction_adds_a_violation_or_changes_a_price(body: Any) -> None:
    before, copy = wanlib.check(body), deepcopy(body)
    fixed = wanlib.fix(body)
    assert body == copy or body != body
    assert fixed.remaining == wanlib.check(fixed.body)
    assert bool(fixed.changes) is (len(fixed.remaining) < len(before) or fixed.body != body)
    if before.pictures is not None:
        after = fixed.remaining
        assert (before.pictures, before.price) == (after.pictures, after.price)
        assert {(each.rule, each.path) for each in after} <= {(each.rule, each.path) for each in before}
    assert wanlib.fix(fixed.body).changes == ()


def test_a_change_shows_no_secret() -> None:
    signed = f" {URL}?Signature=TOPSECRET"
    fixed = wanlib.fix(messages(W27, PNG.replace("image/png", "image/webp"), signed, n=1))
    shown = str(fixed.changes) + "".join(map(str, fixed.changes))
    assert len(fixed.changes) == 2 and len(shown) < 1500
    assert "TOPSECRET" not in shown


@pytest.fixture
def command() -> Callable[..., Any]:
    return in_process


def text(body: object) -> bytes:
    return json.dumps(body).encode()


def test_the_command(command: Callable[..., Any]) -> None:
    ran = command("check", "--fix", "-", stdin=text(messages(W27, size="1024x1024", n=1)))
    assert (ran.code, json.loads(ran.out)) == (0, messages(W27, size="1024*1024", n=1))
    assert ran.err == (
        "wanlib: fixed /parameters/size: '1024x1024' is now '1024*1024' (wan2.7/size.keywords)\n"
    )
    ran = command("check", "--fix", "-", stdin=text(messages(W27, size="2k", n=99)))
    assert (ran.code, json.loads(ran.out)) == (1, messages(W27, size="2K", n=99))
    assert "(wan2.7/n.max)" in ran.err and "1 violation: 1 would be rejected" in ran.err
    assert command("check", "--fix", "--max-price", "0", "-", stdin=text(messages(W27, n=1))).code == 1
    ran = command("check", "--fix", "--json", "-", stdin=b"{}")
    assert (ran.code, ran.out) == (2, "") and "remove --json" in ran.err


def test_each_line_of_input_gives_one_line(command: Callable[..., Any]) -> None:
    lines = [text(messages(W27, size="2k", n=1)), b"{", text(messages(W27, n=9))]
    ran = command("check", "--fix", "--lines", "-", stdin=b"\n".join(lines))
    printed = ran.out.split("\n")
    assert (ran.code, len(printed), printed[1], printed[3]) == (2, 4, "", "")
    assert [json.loads(printed[0]), json.loads(printed[2])] == [
        messages(W27, size="2K", n=1),
        messages(W27, n=9),
    ]
    assert "line 1: fixed /parameters/size" in ran.err and "line 2: " in ran.err
    assert "line 3: rejected" in ran.err
