"""`wanlib check` with several files, as a pre-commit hook calls it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def files(tmp_path: Path, clean: dict[str, Any]) -> dict[str, Path]:
    texts = {"good": json.dumps(clean), "bad": json.dumps({"model": clean["model"]}), "broken": "{"}
    for name, text in texts.items():
        (tmp_path / f"{name}.json").write_text(text)
    return {name: tmp_path / f"{name}.json" for name in texts}


@pytest.mark.parametrize(
    ("names", "code"), [("good good", 0), ("good bad good", 1), ("broken bad good", 2), ("bad broken", 2)]
)
def test_the_worst_file_decides(
    wanlib: Callable[..., Any], files: dict[str, Path], names: str, code: int
) -> None:
    ran = wanlib("check", *(files[name] for name in names.split()))
    assert ran.code == code
    assert [line for line in ran.out.splitlines() if line.endswith(".json:")] == [
        f"{files[name]}:" for name in names.split()
    ]
    assert (f"{files['broken']}:1:" in ran.err) is ("broken" in names)


def test_a_message_about_the_price_names_the_file(wanlib: Callable[..., Any], files: dict[str, Path]) -> None:
    ran = wanlib("check", files["good"], files["good"], "--max-price", "0.01")
    assert ran.code == 1 and ran.err.count(f"wanlib: {files['good']}: the price could be") == 2


@pytest.mark.parametrize("option", ["--json", "--lines", "--fix"])
def test_an_option_for_one_file(wanlib: Callable[..., Any], files: dict[str, Path], option: str) -> None:
    ran = wanlib("check", option, files["good"], files["good"])
    assert (ran.code, ran.out) == (2, "") and f"{option} takes one file, found 2" in ran.err
