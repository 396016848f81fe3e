"""`wanlib rules`: the list of rules in a pipe, as JSON, and on terminals of any width."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.api_facts import KEPT_FOR, limit_of
from wanlib.generated.registry import RULES
from wanlib.spec.load import spec_folder


def test_every_rule_is_a_line_of_four_columns(wanlib: Callable[..., Any]) -> None:
    ran = wanlib("rules")
    rows = [line.split("\t") for line in ran.out.splitlines()]
    assert (ran.code, ran.err) == (0, "")
    assert [row[0] for row in rows] == list(RULES)
    assert all(len(row) == 4 and all(row) for row in rows)
    by_id = {row[0]: row[1:] for row in rows}
    assert by_id["wan2.7/n.max:sequential"] == [
        str(limit_of("wan2.7/n.max:sequential")),
        "rejected",
        "wan2.7-image, wan2.7-image-pro",
    ]
    assert by_id["wan2.6/prompt.max_chars"] == [
        str(limit_of("wan2.6/prompt.max_chars")),
        "truncated",
        "wan2.6-image",
    ]
    assert by_id["wan2.7/images.each.max_bytes"][0].endswith(" MB")
    assert by_id["wan2.7/size.max_ratio"][0] == str(limit_of("wan2.7/size.max_ratio"))
    assert by_id["wan2.7/prompt.required"][0] == "true"
    assert by_id["wan2.5/size.keywords"][0] == "none"
    assert by_id["task/expires"][:1] == [f"{KEPT_FOR / 3600:.0f} h"]
    assert by_id["wire/model"][2] == "all"


def test_the_rules_of_a_model(wanlib: Callable[..., Any]) -> None:
    ran = wanlib("rules", "wan2.5-i2i-preview")
    ids = {line.partition("\t")[0] for line in ran.out.splitlines()}
    assert {rule for rule in RULES if rule.startswith("wan2.5/")} <= ids
    assert "wire/model" in ids
    assert not any(rule.startswith(("wan2.7/", "wan2.6/", "wanx2.1/")) for rule in ids)


@pytest.mark.parametrize("options", [(), ("--spec", spec_folder())])
def test_json(wanlib: Callable[..., Any], options: tuple[Any, ...]) -> None:
    printed = json.loads(wanlib("rules", "--json", *options).out)
    assert [row["id"] for row in printed] == list(RULES)
    by_id = {row["id"]: row for row in printed}
    assert by_id["wan2.7/size.keywords"] == {
        "id": "wan2.7/size.keywords",
        "kind": "keywords",
        "limit": limit_of("wan2.7/size.keywords"),
        "outcome": "rejected",
        "models": ["wan2.7-image", "wan2.7-image-pro"],
        "scope": "body",
        "source": "guide#input-parameters",
    }
    assert by_id["wan2.7/size.min_ratio"]["limit"] == str(limit_of("wan2.7/size.min_ratio"))
    assert by_id["wan2.7/color_palette.needs"]["limit"] == "not sequential"
    assert by_id["wan2.7/images.each.formats"]["limit"] == ["jpeg", "png", "bmp", "webp"]


def test_another_spec_lists_the_same_lines(wanlib: Callable[..., Any]) -> None:
    """The packaged one from its YAML: what a reader sees is what the registry says."""
    packaged, loaded = (
        [line for line in wanlib("rules", *options).out.splitlines() if line.startswith("wan")]
        for options in ((), ("--spec", spec_folder()))
    )
    assert packaged == loaded != []


def test_a_terminal_has_a_table(wanlib: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("wanlib.cli.output.sys", terminal)
    monkeypatch.setenv("COLUMNS", "150")
    lines = wanlib("rules", "wan2.7-image").out.splitlines()
    head = next(line for line in lines if line.split() == ["rule", "limit", "outcome", "models"])
    row = next(line for line in lines if line.startswith("wan2.7/n.max "))
    assert row.index(f" {limit_of('wan2.7/n.max')} ") + 1 == head.index("limit")
    assert row.index("rejected") == head.index("outcome")
    assert "\t" not in "".join(lines)


@pytest.mark.parametrize("width", [80, 200])
def test_rule_ids_are_whole_on_a_terminal(
    wanlib: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    terminal = SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("wanlib.cli.output.sys", terminal)
    monkeypatch.setenv("COLUMNS", str(width))
    lines = wanlib("rules", "wan2.6-image").out.splitlines()
    rules = [rule for rule, entry in RULES.items() if not entry.models or "wan2.6-image" in entry.models]
    assert {*rules} <= {line.split()[0] for line in lines if line.split()}
    assert "…" not in "".join(lines)


def test_limits_are_not_cut_at_200_columns(
    wanlib: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [line.split("\t") for line in wanlib("rules", "wan2.7-image").out.splitlines()]
    limits = {rule: limit for rule, limit, *_ in rows if rule.startswith("wan2.7/")}
    terminal = SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("wanlib.cli.output.sys", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    lines = wanlib("rules", "wan2.7-image").out.splitlines()
    words = {word for line in lines for word in line.split()}
    assert {word for limit in limits.values() for word in limit.split()} <= words
    assert any(
        line.startswith("wan2.7/images.each.formats ") and "jpeg png bmp webp" in line for line in lines
    )
