"""Dated revisions: each loads, goes back step by step, and a wrong file is refused with its line."""

from itertools import pairwise
from pathlib import Path

import pytest

from wanlib.diff.change import ChangeClass
from wanlib.diff.comparison import compare
from wanlib.diff.side import Side
from wanlib.spec import SpecError, load, revisions
from wanlib.spec.interpreter.interpret import interpret
from wanlib.spec.revisions import load_revision, revision_dates

DATES = revision_dates()


def test_the_newest_is_the_spec_itself() -> None:
    assert not compare(Side("date", load_revision(DATES[-1])), Side("packaged", load())).changes


def test_each_step_changes_something() -> None:
    for older, newer in pairwise(DATES):
        changes = compare(Side(older, load_revision(older)), Side(newer, load_revision(newer))).changes
        assert any(change.change_class is not ChangeClass.EDITORIAL for change in changes), (older, newer)


def test_the_launch_of_2_6() -> None:
    """Three images, one kind of call, and no 2.7; each as a body that only the later revision accepts."""
    old, new = load_revision("2025-12"), load()
    assert set(new.models) - set(old.models) == {"wan2.7-image", "wan2.7-image-pro"}
    images = [{"image": f"https://example.com/{index}.png"} for index in range(4)]
    message = {"role": "user", "content": [*images, {"text": "a"}]}
    body = {"model": "wan2.6-image", "input": {"messages": [message]}}
    assert [violation.rule for violation in interpret(old, body, "async")] == [
        "wan2.6/images.max_count:not-interleave"
    ]
    assert not interpret(new, body, "async")
    assert "wire/endpoints" in [violation.rule for violation in interpret(old, body, "sync")]


def test_the_default_of_n_and_the_hosts_went_back_and_forth() -> None:
    """The default was another one between April and November; workspace hosts are stated since May."""
    april, may = (load_revision(date).facts["wan2.7/n.default"].value for date in ("2026-04", "2026-05"))
    assert may not in (april, load().facts["wan2.7/n.default"].value)
    hosts = [set(load_revision(date).wire["regions"]["beijing"]) for date in ("2026-04", "2026-05")]
    assert hosts[1] - hosts[0] == {"workspace_host"}


def test_an_unknown_date() -> None:
    with pytest.raises(KeyError):
        load_revision("2020-01")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("limit: {}", "limit is unknown"),
        ("limits: {wan2.7/n.maximum: 3}", "the rule 'wan2.7/n.maximum' does not exist"),
        ("limits: {wan2.7/n.max: many}", "wan2.7/n.max is 'many', expected a number"),
        ("defaults: {wan2.7/n.preset: 3}", "the default 'wan2.7/n.preset' does not exist"),
        ("rules_added: [wan2.7/n.maximum]", "the rule 'wan2.7/n.maximum' does not exist"),
        (f"limits: {{wan2.7/n.max: {load().rules['wan2.7/n.max'].limit}}}", "in the next revision too"),
        (f"defaults: {{wan2.7/n.default: {load().facts['wan2.7/n.default'].value}}}", "in the next revision"),
    ],
)
def test_a_wrong_file(line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "2026-01.yaml").write_text(f"revision: 2026-01\n{line}\n")
    monkeypatch.setattr(revisions, "_folder", lambda: tmp_path)
    with pytest.raises(SpecError) as caught:
        load_revision("2026-01")
    assert caught.value.diagnostics[0].startswith("revisions/2026-01.yaml")
    assert said in caught.value.diagnostics[0]
