"""`wanlib new-model`: the files of a model like another, which load, and the list of what they lack."""

import re
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from wan_conformance.engine.vectors import load as load_vectors

from wanlib.spec import interpret, load
from wanlib.spec.load import spec_folder

Command = Callable[..., Any]
NAME = "wan9.1"
FAMILIES = load().families


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_copy_has_the_rules_and_notes_of_the_other(wanlib: Command, tmp_path: Path, family: Any) -> None:
    ran = wanlib("new-model", NAME, "--like", family.models[-1], "--out", tmp_path / "new")
    assert (ran.code, ran.err) == (0, "")
    spec = load(tmp_path / "new")
    (copy,) = (each for each in spec.families if each.name == NAME)
    assert copy.version == "9.1"
    assert copy.models == tuple(model.replace(family.name, NAME) for model in family.models)
    old = {
        rule.id.partition("/")[2]: rule
        for rule in load().rules.values()
        if rule.file == f"{family.name}.yaml"
    }
    new = {rule.id.partition("/")[2]: rule for rule in spec.rules.values() if rule.file == f"{NAME}.yaml"}
    assert new.keys() >= old.keys() - {"only_for"}
    for path, rule in old.items():
        if path != "only_for":
            assert (new[path].notes, new[path].kind, new[path].limit) == (rule.notes, rule.kind, rule.limit)
    assert {rule.source.partition("#")[0] for rule in new.values()} == {"wan91"}
    text = (tmp_path / "new" / f"{NAME}.yaml").read_text("utf-8")
    for table in ("regions", "rates", "prices"):
        assert re.search(rf"^# TODO: these are the {table} of .*\n{table}:", text, re.MULTILINE)
    (vector,) = load_vectors(tmp_path / "new" / "vectors")
    assert vector.statement in spec.sources["statements"]
    assert not interpret(spec, vector.body(), vector.call)


def test_missing_parts_are_listed_as_by_lint(wanlib: Command, tmp_path: Path) -> None:
    ran = wanlib("new-model", NAME, "--like", "wan2.7-image", "--out", tmp_path)
    wrote, listed = ran.out.splitlines()[:2], ran.out.splitlines()[2:]
    assert wrote == [f"wrote {tmp_path}/{NAME}.yaml", f"wrote {tmp_path}/vectors/{NAME}.yaml"]
    assert listed == wanlib("spec", "lint", tmp_path).out.splitlines()
    (offer,) = (line for line in listed if "wan91#offer" in line)
    assert re.match(rf"{NAME}\.yaml:\d+: ", offer)
    assert "wire/regions" in offer and f"{NAME}/prices.{NAME}-image-pro" in offer
    assert all(
        f"{rule}: no vector" in ran.out for rule in load(tmp_path).rules if rule.startswith(f"{NAME}/")
    )
    assert "no statement" not in ran.out and "wan91.title: is TODO" in ran.out


def test_the_stubs_of_vectors_are_vectors(wanlib: Command, tmp_path: Path) -> None:
    wanlib("new-model", NAME, "--like", "wan2.7-image", "--out", tmp_path)
    file = tmp_path / "vectors" / f"{NAME}.yaml"
    file.write_text(re.sub(r"^# (?=- |  )", "", file.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    rules = {rule for rule in load(tmp_path).rules if rule.startswith(f"{NAME}/")}
    vectors = load_vectors(tmp_path / "vectors")
    assert {rule for vector in vectors for rule in vector.expect} == rules
    assert {vector.statement for vector in vectors} <= load(tmp_path).sources["statements"].keys()
    assert "no vector" not in wanlib("spec", "lint", tmp_path).out


def test_in_a_complete_spec(wanlib: Command, tmp_path: Path) -> None:
    """As in a checkout, where `--out spec` adds a model to the packaged spec."""
    folder = copytree(spec_folder(), tmp_path / "spec")
    ran = wanlib("new-model", NAME, "--like", "wan2.5-i2i-preview", "--out", folder)
    assert ran.code == 0 and f"{NAME}-i2i-preview" in load(folder).models
    assert all(line.startswith(f"{NAME}.yaml:") for line in ran.out.splitlines()[2:-1])


def test_files_are_not_overwritten(wanlib: Command, tmp_path: Path) -> None:
    (tmp_path / "vectors").mkdir()
    taken = tmp_path / "vectors" / f"{NAME}.yaml"
    taken.write_text("mine", "utf-8")
    ran = wanlib("new-model", NAME, "--like", "wan2.7-image", "--out", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert f"{taken}: exists, and is not overwritten" in ran.err
    assert taken.read_text("utf-8") == "mine" and [*tmp_path.glob("*.yaml")] == []


@pytest.mark.parametrize(
    ("name", "like", "problem"),
    [
        ("../wan9.1", "wan2.7-image", "unusable file name"),
        ("Wan 9", "wan2.7-image", "unusable file name"),
        ("client", "wan2.7-image", "becomes the module client"),
        ("wire", "wan2.7-image", "wire.yaml:1: is a file of the packaged spec"),
        ("wan2.7", "wan2.7-image", "wan2.7.yaml:1: is a file of the packaged spec"),
        ("guide", "wan2.7-image", "the pages of guide are in sources.yaml"),
        (NAME, "wan2.7-imag", "did you mean"),
    ],
)
def test_wrong_names(wanlib: Command, tmp_path: Path, name: str, like: str, problem: str) -> None:
    ran = wanlib("new-model", name, "--like", like, "--out", tmp_path / "new")
    assert (ran.code, ran.out) == (2, "") and problem in ran.err
    assert [*tmp_path.iterdir()] == []
