"""`wanlib diff`: output, files, recorded bodies, exit codes, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.spec import small


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two small specs; the second allows one picture more and costs more."""
    folders = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    small.write(folders[0])
    files = dict(small.FILES)
    files[small.FAMILY] = files[small.FAMILY].replace("max: 4", "max: 5")
    files[small.SERVICE] = files[small.SERVICE].replace("limit: 4", "limit: 5")
    files[small.WIRE] = files[small.WIRE].replace('here: "0.10"', 'here: "0.15"')
    small.write(folders[1], files)
    return folders


def _body(n: int) -> str:
    message = {"role": "user", "content": [{"text": "a"}]}
    return json.dumps({"model": "tea-1", "input": {"messages": [message]}, "parameters": {"n": n}})


def test_exit_codes_follow_the_direction(wanlib: Callable[..., Any], specs: tuple[Path, Path]) -> None:
    old, new = specs
    wider, narrower = wanlib("diff", old, new), wanlib("diff", new, old)
    assert (wider.code, narrower.code) == (0, 1)
    assert "wan1.0/n.max (wider), wan1.0.yaml:" in wider.out
    assert "Nothing that worked before breaks." in wider.out
    assert "wan1.0/n.max (narrower)" in narrower.out
    assert wanlib("diff", old, old).out == f"{old} -> {old}: no changes\n"


def test_json_has_the_documented_members(wanlib: Callable[..., Any], specs: tuple[Path, Path]) -> None:
    ran = wanlib("diff", *specs, "--json")
    printed = json.loads(ran.out)
    assert list(printed) == ["old", "new", "breaking", "changes"]
    assert printed["breaking"] is False
    by_id = {change["id"]: change for change in printed["changes"]}
    change = by_id["wan1.0/n.max"]
    assert set(change) == {
        *("id", "relation", "class", "old", "new", "models", "text", "witnesses", "fingerprint")
    }
    assert (change["relation"], change["class"], change["old"], change["new"]) == ("wider", "additive", 4, 5)
    (witness,) = change["witnesses"]
    assert (witness["accepted_by"], witness["body"]["parameters"]["n"]) == ("new", 5)
    assert by_id["wan1.0/prices.tea-1.here"]["class"] == "behaviour"


def test_files(wanlib: Callable[..., Any], specs: tuple[Path, Path], tmp_path: Path) -> None:
    names = {option: tmp_path / f"diff.{option}" for option in ("markdown", "html", "sarif")}
    arguments = [word for option, path in names.items() for word in (f"--{option}", path)]
    assert wanlib("diff", *specs, *arguments).code == 0
    assert names["markdown"].read_text().startswith("# ")
    assert "wan1.0/n.max" in names["html"].read_text()
    results = json.loads(names["sarif"].read_text())["runs"][0]["results"]
    uri = results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.startswith(specs[1].as_uri())


def test_recorded_bodies(wanlib: Callable[..., Any], specs: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = specs
    recorded = tmp_path / "traffic.jsonl"
    recorded.write_text("\n".join([_body(1), _body(5), "{broken", _body(9)]) + "\n")
    wider = wanlib("diff", old, new, "--bodies", recorded)
    assert (wider.code, "line 2: refused, now accepted" in wider.out) == (0, True)
    assert "line 1: 1 picture, 0.15 CNY (was: 1 picture, 0.10 CNY)" in wider.out
    assert "line 4" not in wider.out
    assert "--bodies: line 3: column 2: is not JSON" in wider.err
    piped = wanlib("diff", old, new, "--bodies", "-", stdin=recorded.read_bytes())
    assert (piped.code, piped.out) == (0, wider.out)
    narrower = wanlib("diff", new, old, "--bodies", recorded, "--json")
    assert narrower.code == 1
    line = next(each for each in json.loads(narrower.out)["requests"] if each["place"] == "line 2")
    assert (line["old"]["ok"], line["new"]["ok"], line["new"]["rules"]) == (True, False, ["wan1.0/n.max"])
    page = tmp_path / "diff.html"
    annotated = wanlib("diff", old, new, "--bodies", recorded, "--github", "--html", page)
    assert "::warning title=line 1::1 picture, 0.15 CNY" in annotated.out
    assert "line 1</p>" in page.read_text()
    assert wanlib("diff", old, new, "--bodies", recorded, "--changelog").code == 2
    models = wanlib("diff", "tea-1", "tea-1-pro", "--spec", old, "--bodies", recorded)
    assert (models.code, "`wanlib migrate` converts a request" in models.err) == (2, True)
    recorded.write_text(_body(9))
    assert wanlib("diff", old, new, "--bodies", recorded).out.endswith("  All are treated as before.\n")


def test_calls_in_source(wanlib: Callable[..., Any], specs: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = specs
    (tmp_path / "app.py").write_text(
        "raise SystemExit('this file is never run')\n"
        "wan.edit('tea-1', 'a', images=[x], n=5)\n"
        "wan.edit(model='tea-1', prompt=text, images=[x], n=1)\n"
        "ImageGeneration.call(model='tea-1', messages=[Message(role='user', content=[{'text': 'a'}])], n=5)\n"
        "other.edit('tea-9', 'a', n=5)\n"
    )
    (tmp_path / "broken.py").write_text("def :")
    ran = wanlib("diff", new, old, "--calls", tmp_path)
    assert ran.code == 1
    lines = [line.strip() for line in ran.out.partition("Your requests\n")[2].splitlines()]
    assert [line.partition(": ")[0] for line in lines] == [
        f"{tmp_path / 'app.py'}:2",
        f"{tmp_path / 'app.py'}:3 (prompt not read)",
        f"{tmp_path / 'app.py'}:4",
    ]
    assert [": accepted, now refused" in line for line in lines] == [True, False, True]
    assert "0.10 CNY (was: 1 picture, 0.15 CNY)" in lines[1]
    assert f"{tmp_path / 'broken.py'}:1: is not valid Python" in ran.err
    assert wanlib("diff", new, old, "--calls", tmp_path / "none").code == 2
    (tmp_path / "empty").mkdir()
    assert "contains no Python file" in wanlib("diff", new, old, "--calls", tmp_path / "empty").err


def test_sizes_and_outcomes_of_recorded_bodies(wanlib: Callable[..., Any], tmp_path: Path) -> None:
    """Another step of the sides, a parameter without effect, a text that was cut and is rejected now."""
    family = small.FILES[small.FAMILY]
    for old, new in (
        ("multiple_of: 1", "multiple_of: 16"),
        ("effective: bare", "effective: not bare"),
        ("outcome: truncated", "outcome: rejected"),
    ):
        assert old in family
        family = family.replace(old, new)
    (tmp_path / "new").mkdir()
    (tmp_path / "old").mkdir()
    small.write(tmp_path / "old")
    small.write(tmp_path / "new", {**small.FILES, small.FAMILY: family})
    bodies = (
        _body(1),
        _body(1).replace('"n": 1', '"size": "64*64", "strength": 0.1'),
        _body(1).replace('"a"', f'"{"a" * 51}"'),
    )
    (tmp_path / "traffic.jsonl").write_text("\n".join(bodies))
    ran = wanlib("diff", tmp_path / "old", tmp_path / "new", "--bodies", tmp_path / "traffic.jsonl")
    plain, ignored, cut = ran.out.partition("Your requests\n")[2].splitlines()
    size = "1K, 4,096 pixels in a square"
    assert plain == f"  line 1: pictures of {size}, sides rounded to multiples of 16 (was: {size})"
    assert ignored.endswith("(was: 64*64); ignored now: wan1.0/strength.effective")
    assert cut.startswith("  line 3: cut, now rejected: ")
    assert ran.code == 1


def test_other_outputs(wanlib: Callable[..., Any], specs: tuple[Path, Path]) -> None:
    changelog = wanlib("diff", *specs, "--changelog").out
    assert changelog.startswith(f"## {specs[1]}\n")
    assert wanlib("diff", specs[0], specs[0], "--changelog").out.endswith("\nNo changes.\n")
    assert "::notice file=" in wanlib("diff", *specs, "--github").out


@pytest.mark.parametrize(
    "arguments",
    [
        ("packaged", "no-such-revision"),
        ("packaged", "packaged", "--json", "--changelog"),
        ("packaged", "packaged", "--spec", "no-such-folder"),
        ("packaged", "packaged", "--bodies", "no-such-file"),
        ("packaged", "packaged", "--html", "no-such-folder/diff.html"),
        ("packaged", "packaged", "--html", "-"),
    ],
)
def test_usage_errors(wanlib: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    ran = wanlib("diff", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("wanlib: ")
    assert "Traceback" not in ran.err
