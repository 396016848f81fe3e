"""`wanlib spec lint`: what a spec that loads still lacks, and nothing else."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from wan_conformance.engine.vectors import VECTORS

from tests.cli.conftest import ROOT
from tests.support.private_model import MODEL, write_overlay
from wanlib.spec import load
from wanlib.spec.load import spec_folder

Command = Callable[..., Any]
VECTOR = '- {id: a, statement: "a#a", body: {}, expect: ["my-model/n.max"]}\n'
SOURCES = f"""
sources:
  pages: {{tea: {{title: TODO, read: "2026-11-29", sections: [a]}}}}
  statements:
    tea#n: {{section: a, says: TODO, rules: [{MODEL}/n.min, {MODEL}/prices.{MODEL}]}}
"""


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    return write_overlay(tmp_path / "overlay")


def write_vectors(overlay: Path, text: str = VECTOR) -> None:
    (overlay / "vectors").mkdir()
    (overlay / "vectors" / "mine.yaml").write_text(text, "utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        (spec_folder(), "--vectors", VECTORS),
        *((folder.parent,) for folder in sorted((ROOT / "examples").glob("*/vectors"))),
    ],
    ids=lambda arguments: arguments[0].name,
)
def test_nothing_is_missing_in_the_packaged_spec_and_the_examples(
    wanlib: Command, arguments: tuple[Any, ...]
) -> None:
    ran = wanlib("spec", "lint", *arguments)
    assert (ran.code, ran.out, ran.err) == (0, "nothing missing\n", "")


def test_rules_of_an_overlay_without_statement_or_vector(wanlib: Command, overlay: Path) -> None:
    write_vectors(overlay)
    ran = wanlib("spec", "lint", overlay)
    lines = ran.out.splitlines()
    rules = [rule for rule in load(overlay).rules.values() if rule.file == f"{MODEL}.yaml"]
    for kind, expected in (("statement", len(rules)), ("vector", len(rules) - 1)):
        places = [line.partition(f": no {kind}")[0] for line in lines if f": no {kind}" in line]
        assert len(places) == expected
        assert {*places} <= {f"{rule.file}:{rule.line}: {rule.id}" for rule in rules}
    assert f"{MODEL}/n.max: no vector" not in ran.out and f"{MODEL}/n.max: no statement" in ran.out
    assert (ran.code, lines[-1]) == (1, f"{len(lines) - 1} missing")


def test_missing_vectors_are_one_line(wanlib: Command, overlay: Path) -> None:
    out = wanlib("spec", "lint", overlay).out
    assert out.count("vector, ") == 0 and out.count("no vectors") == 1
    assert f"{overlay}:1: *: no vectors" in out


def test_texts_to_be_filled_in(wanlib: Command, overlay: Path) -> None:
    file = overlay / f"{MODEL}.yaml"
    first = file.read_text("utf-8").count("\n") + 1
    file.write_text(file.read_text("utf-8") + SOURCES, "utf-8")
    ran = wanlib("spec", "lint", overlay, "--json")
    gaps = {gap["id"]: gap for gap in json.loads(ran.out)}
    says = gaps["sources.statements.tea#n.says"]
    assert (says["file"], says["line"]) == (file.name, first + 4)
    assert f"{MODEL}/n.min, {MODEL}/prices.{MODEL}" in says["missing"]
    assert gaps["sources.pages.tea.title"]["line"] == first + 2
    assert f"{MODEL}/n.min" not in gaps and ran.code == 1


def test_models_without_a_region(wanlib: Command, tmp_path: Path) -> None:
    """The loader refuses one unless no model has a region."""
    folder = copytree(spec_folder(), tmp_path / "spec")
    for file in folder.glob("wan*.yaml"):
        text = re.sub(r"^regions:\n(  .*\n)+", "", file.read_text("utf-8"), flags=re.MULTILINE)
        file.write_text(text, "utf-8")
    ran = wanlib("spec", "lint", folder, "--vectors", VECTORS)
    families = sorted(load().families, key=lambda family: family.name)
    assert re.findall(r"(\S+): no region", ran.out) == [
        model for family in families for model in family.models
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("type: integer", "type: int", 'type is "int", expected integer'),
        (", singapore: '1.10'", "", f"the model {MODEL} has no price in singapore"),
        ("source: guide#input-parameters\n", "", "source"),
    ],
)
def test_a_spec_that_does_not_load(wanlib: Command, overlay: Path, old: str, new: str, problem: str) -> None:
    file = overlay / f"{MODEL}.yaml"
    file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")
    ran = wanlib("spec", "lint", overlay)
    assert (ran.code, ran.out) == (2, "")
    assert re.search(rf"wanlib: {MODEL}\.yaml:\d+: .*{problem}", ran.err)


@pytest.mark.parametrize(
    ("vectors", "problem"),
    [
        ("{}", "mine.yaml:1: is not a list"),
        ("- {expect: []}\n- {id: a}", "mine.yaml:2: lacks expect"),
        ("- a\n", "mine.yaml:1: lacks expect"),
        ("- {? [a] : b}\n", "mine.yaml:1: is not plain YAML"),
        ("- {\n", "mine.yaml:2: is not plain YAML"),
        (
            "- expect: []\n  body: {n: 1,\n    n: 2}\n",
            "mine.yaml:3: is not plain YAML (line 3: the key 'n'",
        ),
    ],
)
def test_wrong_vectors(wanlib: Command, overlay: Path, vectors: str, problem: str) -> None:
    write_vectors(overlay, vectors)
    ran = wanlib("spec", "lint", overlay)
    assert (ran.code, ran.out) == (2, "") and problem in ran.err


def test_folders_that_do_not_exist(wanlib: Command, overlay: Path) -> None:
    for arguments in ((overlay / "none",), (overlay, "--vectors", overlay / "none")):
        ran = wanlib("spec", "lint", *arguments)
        assert (ran.code, "none: no such folder" in ran.err) == (2, True)
    (overlay / "vectors").mkdir()
    assert "contains no vectors" in wanlib("spec", "lint", overlay).err
