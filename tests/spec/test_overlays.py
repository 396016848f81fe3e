"""Overlays: a folder replaces packaged files by name, and `extends: none` makes it complete."""

from pathlib import Path

import pytest

from tests.support.private_model import BASE, MODEL, TEXT, private_text, write_overlay
from wanlib.spec import SpecError, load
from wanlib.spec.load import read_documents, spec_folder

STEM, FILE = BASE.name, f"{BASE.name}.yaml"


def test_a_file_of_a_new_name_is_added(tmp_path: Path) -> None:
    spec = load(write_overlay(tmp_path))
    assert spec.models == (*load().models, "my-model")
    assert spec.wire["prices"]["my-model"] == {"beijing": "1.00", "singapore": "1.10"}
    assert spec.digest != load().digest


def test_a_file_replaces_the_packaged_one_of_its_name(tmp_path: Path) -> None:
    """Statements of packaged files about removed rules are not reported."""
    limit = BASE.field("seed").rules_of_kind("max")[0].limit
    assert TEXT.count(f"max: {limit}") == 1
    (tmp_path / FILE).write_text(TEXT.replace(f"    max: {limit}\n", ""), "utf-8")
    spec = load(tmp_path)
    assert spec.models == load().models
    assert f"{STEM}/seed.max" not in spec.rules and f"{STEM}/seed.max" in load().rules


def test_own_files_of_an_overlay_are_checked(tmp_path: Path) -> None:
    misspelt = TEXT.replace("source: guide#input-images", "source: guide#input-imags", 1)
    (tmp_path / FILE).write_text(misspelt, "utf-8")
    with pytest.raises(SpecError) as exc_info:
        load(tmp_path)
    assert [line.partition(":")[0] for line in exc_info.value.diagnostics] == [FILE]


def test_extends_none_stands_alone(tmp_path: Path) -> None:
    """A copy without a model file lacks its models; as an overlay, it has them from the packaged file."""
    last = load().families[-1].name
    for path in spec_folder().glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    (tmp_path / f"{last}.yaml").unlink()
    assert last not in read_documents(tmp_path)
    wire = (tmp_path / "wire.yaml").read_text("utf-8")
    (tmp_path / "wire.yaml").write_text(wire.replace("extends: none", "# extends"), "utf-8")
    assert last in read_documents(tmp_path)


def test_a_private_model_has_its_own_sources(tmp_path: Path) -> None:
    sources = """\
sources:
  pages: {mine: {title: My page, read: "2026-01-01", sections: [limits]}}
  statements: {mine#n: {section: limits, says: At most four., rules: [my-model/n.max]}}
"""
    text = private_text().replace("source: guide#input-parameters\n", "source: mine#limits\n", 1)
    (tmp_path / "my-model.yaml").write_text(f"{text}\n{sources}", "utf-8")
    spec = load(tmp_path)
    assert spec.rules["my-model/n.max"].source == "mine#limits"
    assert {"mine", "guide"} <= set(spec.sources["pages"]) and "mine#n" in spec.sources["statements"]


def test_a_body_form_that_an_overlay_leaves_without_models(tmp_path: Path) -> None:
    """It has no rules: no request can violate one."""
    other = next(family for family in load().families if family.body != BASE.body)
    unused = [family for family in load().families if family.body == other.body]
    for family in unused:
        text = private_text().replace(f"wan: {MODEL}", f'wan: "{family.version}"').replace(MODEL, family.name)
        (tmp_path / f"{family.name}.yaml").write_text(text, "utf-8")
    spec = load(tmp_path)
    assert other.body in load().bodies and other.body not in spec.bodies
    assert not [rule for rule in spec.rules if rule.startswith(f"wire/{other.body}.")]
