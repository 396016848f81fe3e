"""Loading a folder of spec files, and the diagnostics for folders that can't be loaded."""

import pickle
from collections.abc import Callable
from keyword import iskeyword
from pathlib import Path

import pytest

from tests.spec.small import FAMILY, FILES, SOURCES, TASK, WIRE, write
from wanlib.spec import Rule, SpecError, load
from wanlib.spec.load import spec_folder


def diagnostics_of(folder: Path) -> list[str]:
    """Return the diagnostics of a folder that can't be loaded."""
    with pytest.raises(SpecError) as exc_info:
        load(folder)
    assert str(exc_info.value) == "\n".join(exc_info.value.diagnostics)
    return exc_info.value.diagnostics


# Folders.


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    assert diagnostics_of(folder) == [f"{folder}:1: is not a folder, expected a folder of spec files"]


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    file = write(tmp_path) / FAMILY
    assert diagnostics_of(file) == [f"{file}:1: is not a folder, expected a folder of spec files"]


def test_a_folder_whose_path_is_longer_than_the_system_allows() -> None:
    folder = Path("/".join(["name"] * 2000))
    assert diagnostics_of(folder) == [
        f"{folder}:1: can't be read (File name too long), expected a folder of spec files"
    ]


def test_an_empty_folder(tmp_path: Path) -> None:
    words = "contains no spec file, expected one such as wan2.7.yaml"
    assert diagnostics_of(tmp_path) == [f"{tmp_path}:1: {words}"]


@pytest.mark.parametrize("file", [TASK, SOURCES])
def test_a_missing_file(file: str, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / file).unlink()
    assert diagnostics_of(tmp_path) == [
        f"{file}:1: is missing in {tmp_path}, expected next to the model files"
    ]


def test_a_folder_without_a_model_file(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / FAMILY).unlink()
    assert diagnostics_of(tmp_path) == [
        f"{tmp_path}:1: contains no model file, expected one such as wan2.7.yaml"
    ]


def _folder(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nothing"))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_folder, "Is a directory"),
        (_loop, "Too many levels of symbolic links"),
        (_dangling, "No such file or directory"),
    ],
)
@pytest.mark.parametrize("name", ["wan1.1.yaml", "wire.yaml"])
def test_an_entry_that_is_not_a_file(
    make: Callable[[Path], None], reason: str, name: str, tmp_path: Path
) -> None:
    write(tmp_path)
    (tmp_path / name).unlink(missing_ok=True)
    make(tmp_path / name)
    assert diagnostics_of(tmp_path) == [f"{name}:1: can't be read ({reason}), expected a spec file"]


def test_a_folder_that_is_a_loop(tmp_path: Path) -> None:
    _loop(tmp_path / "loop")
    assert diagnostics_of(tmp_path / "loop")[0].endswith("is not a folder, expected a folder of spec files")


def test_a_binary_file(tmp_path: Path) -> None:
    (write(tmp_path) / FAMILY).write_bytes(b'wan: "1.0"\n\x89PNG\r\n')
    assert diagnostics_of(tmp_path) == ["wan1.0.yaml:2: is not UTF-8, expected UTF-8 text"]


@pytest.mark.parametrize(
    "stem", ["Tea", "1.1", "wan1.1 copy", "wan1.1.", "wan--1", "tea@home", "a" * 61, "thé"]
)
def test_unusable_file_names(stem: str, tmp_path: Path) -> None:
    """The name begins ids and becomes a module, a folder of vectors and a part of patterns."""
    write(tmp_path, FILES | {f"{stem}.yaml": FILES[FAMILY]})
    names = "a name such as wan2.6-t2i.yaml, or one of task, wire, service, sources"
    assert diagnostics_of(tmp_path) == [f"{stem}.yaml:1: has an unusable file name, expected {names}"]


def test_names_that_become_one_module(tmp_path: Path) -> None:
    """Of two files, or of a file and a module that every generated package has."""
    names = ("tea-2.0.yaml", "tea.2-0.yaml", "client.yaml", "registry.yaml")
    write(tmp_path, FILES | dict.fromkeys(names, FILES[FAMILY]))
    assert diagnostics_of(tmp_path) == [
        "tea-2.0.yaml:1: becomes the module tea_2_0, which tea.2-0.yaml has too, expected another name",
        "registry.yaml:1: becomes the module registry, which generated code has too, expected another name",
        "client.yaml:1: becomes the module client, which generated code has too, expected another name",
    ]


@pytest.mark.parametrize(
    ("stem", "wan"),
    [
        ("tea", "tea"),
        ("tea-2.0", "tea-2.0"),
        ("wan1.1-t2i", "1.1-t2i"),
        ("wanx0.9", "0.9"),
        ("class", "class"),
    ],
)
def test_a_model_file_has_any_name(stem: str, wan: str, tmp_path: Path) -> None:
    """Ids and modules follow from it."""
    text = complete("m").replace('wan: "1.0"', f'wan: "{wan}"')
    spec = load(write(tmp_path, FILES | {f"{stem}.yaml": text}))
    assert f"{stem}/n.max:grand" in spec.rules and f"{stem}/rates.m" in spec.facts
    assert spec.family("m").module.isidentifier() and not iskeyword(spec.family("m").module)
    (tmp_path / f"{stem}.yaml").write_text(text.replace(f'wan: "{wan}"', "wan: other"), "utf-8")
    assert diagnostics_of(tmp_path) == [
        f"{stem}.yaml:1: wan is 'other', expected \"{wan}\", as in the file name"
    ]


def test_other_files_are_ignored(tmp_path: Path) -> None:
    """A readme, the lock and the copy of an editor, a schema that accepts everything."""
    others = {"README.md": "", ".#wan1.0.yaml": "- no spec", "wan1.0.yaml~": "", "spec.schema.json": "{}"}
    write(tmp_path, FILES | others)
    before = load(tmp_path)
    (tmp_path / FAMILY).write_text(FILES[FAMILY].replace("max_chars", "max_char"), "utf-8")
    assert before.models == ("tea-1", "tea-1-pro")
    assert diagnostics_of(tmp_path) == ["wan1.0.yaml:16: 'max_char' is not known here, expected max_chars"]


# Files together.


def second(models: str) -> str:
    """Return another model file, of version 0.9."""
    return FILES[FAMILY].replace('"1.0"', '"0.9"').replace("[tea-1, tea-1-pro]", models)


def test_a_model_in_two_files(tmp_path: Path) -> None:
    write(tmp_path, FILES | {"wan0.9.yaml": second("[\n  tea-1-pro,\n  tea-1]")})
    assert diagnostics_of(tmp_path) == [
        "wan0.9.yaml:3: the model 'tea-1-pro' is listed in wan1.0.yaml:2 too, expected it once",
        "wan0.9.yaml:4: the model 'tea-1' is listed in wan1.0.yaml:2 too, expected it once",
    ]


def test_a_model_twice_in_one_file(tmp_path: Path) -> None:
    text = FILES[FAMILY].replace("[tea-1, tea-1-pro]", "[tea-1, tea-1-pro, tea-1]")
    assert diagnostics_of(write(tmp_path, FILES | {FAMILY: text})) == [
        "wan1.0.yaml:2: the model 'tea-1' is listed in wan1.0.yaml:2 too, expected it once"
    ]


def test_all_files_are_reported_at_once(tmp_path: Path) -> None:
    broken = {
        FAMILY: FILES[FAMILY].replace("max_chars", "max_char").replace("min_side", "min_sides"),
        TASK: FILES[TASK].replace("wan: task", "wan: tasks"),
        WIRE: FILES[WIRE] + "wan: again\n",
    }
    assert [line.partition(": ")[0] for line in diagnostics_of(write(tmp_path, FILES | broken))] == [
        f"wire.yaml:{FILES[WIRE].count(chr(10)) + 1}",
        "wan1.0.yaml:16",
        "wan1.0.yaml:27",
        "task.yaml:1",
    ]


OWN_TABLES = """\
calls: {sync: POST /draw}
regions: {here: [sync]}
rates: {submit_per_second: 1, running: 1}
prices: {here: "0.30"}
"""


def complete(model: str) -> str:
    """Return a model file with tables of its own, for one model."""
    text = FILES[FAMILY].replace("[tea-1, tea-1-pro]", f"[{model}]").replace('"tea-1-pro"', f'"{model}"')
    return text.replace("body: messages\n", f"body: messages\n{OWN_TABLES}")


def test_model_files_are_ordered_newest_first(tmp_path: Path) -> None:
    """In any order of the folder; `wan` precedes every other name, and 1.10 is newer than 1.9."""
    for stem in ("wan0.9", "wan0.10", "wanx1.1", "tea", "wan0.9-t2i"):
        wan = stem.removeprefix("wanx").removeprefix("wan")
        text = complete(f"m-{stem}").replace('wan: "1.0"', f'wan: "{wan}"')
        (tmp_path / f"{stem}.yaml").write_text(text, "utf-8")
    spec = load(write(tmp_path))
    assert [family.name for family in spec.families] == [
        *("wan1.0", "wan0.10", "wan0.9-t2i", "wan0.9"),
        *("wanx1.1", "tea"),
    ]
    assert spec.models[:3] == ("tea-1", "tea-1-pro", "m-wan0.10")


def test_the_digest_depends_on_the_files(tmp_path: Path) -> None:
    first, again = load(write(tmp_path)).digest, load(tmp_path).digest
    (tmp_path / FAMILY).write_text(FILES[FAMILY] + "# a comment\n", "utf-8")
    assert first == again != load(tmp_path).digest


# What is loaded.


def test_a_rule_of_the_small_spec(tmp_path: Path) -> None:
    rules = load(write(tmp_path)).rules
    chars, needs, hidden = (
        rules[f"wan1.0/{name}"] for name in ("prompt.max_chars", "guard.needs", "n.max:grand")
    )
    assert (chars.limit, chars.outcome, chars.source, chars.line) == (50, "truncated", "page#texts", 16)
    assert (str(needs.limit), needs.outcome, needs.source) == ("not bare", "unspecified", "page#limits")
    assert (hidden.limit, str(hidden.condition), hidden.field, hidden.models) == (
        12,
        "grand",
        "n",
        ("tea-1-pro",),
    )
    assert rules["wan1.0/n.max"].models == ("tea-1", "tea-1-pro")


def test_defaults_are_facts(tmp_path: Path) -> None:
    facts = load(write(tmp_path)).facts
    assert (facts["wan1.0/n.default"].value, facts["wan1.0/n.default:grand"].value) == (4, 12)


def test_a_list_of_parts_has_no_type_rule(tmp_path: Path) -> None:
    """`images` is always the list of its parts, so it can't have a wrong type."""
    rules = load(write(tmp_path)).rules
    assert "wan1.0/images.type" not in rules
    assert {"wan1.0/boxes.type", "wan1.0/images.each.type"} <= set(rules)


def test_same_count_as_accepts_any_list(tmp_path: Path) -> None:
    """Only relations on pictures need a list of images."""
    text = FILES[FAMILY].replace("same_count_as: images", "same_count_as: palette")
    rules = load(write(tmp_path, FILES | {FAMILY: text})).rules
    assert rules["wan1.0/boxes.same_count_as"].limit == "palette"


def test_the_packaged_spec_is_loaded_once() -> None:
    assert load() is load()
    assert len(load().rules) > 250


def body_rules() -> list[Rule]:
    files = {f"{family.name}.yaml" for family in load().families}
    return [rule for rule in load().rules.values() if rule.file in files]


def test_lines_of_packaged_rules() -> None:
    """The line of a rule is the line of its kind, or of what implies it."""
    lines = {path.name: path.read_text("utf-8").splitlines() for path in spec_folder().glob("*.yaml")}
    for rule in body_rules():
        line = lines[rule.file][rule.line - 1]
        implied = {"unknown": "type: object" if rule.field else "fields:", "only_for": "excluded:"}
        assert implied.get(rule.kind, f"{rule.kind}:") in line, rule.id
        assert rule.id.startswith(rule.file.removesuffix("yaml").rstrip(".") + "/")


def test_limits_of_packaged_rules_are_immutable() -> None:
    """No limit contains a list or a mapping that a caller could change."""
    for rule in body_rules():
        assert not isinstance(rule.limit, list), rule.id
        assert rule.source.partition("#")[2], rule.id


def test_facts_of_the_packaged_spec() -> None:
    """The line of a fact is the line of its name, or of its table; notes are not facts."""
    lines = {path.name: path.read_text("utf-8").splitlines() for path in spec_folder().glob("*.yaml")}
    for fact in load().facts.values():
        file, _, path = fact.id.partition("/")
        assert fact.file == f"{file}.yaml", fact.id
        name = path.partition(":")[0].rpartition(".")[2]
        table = path.partition(".")[0]
        line = lines[fact.file][fact.line - 1]
        assert name in line or line.startswith(f"{table}: {{"), fact.id
        assert name not in ("notes", "source"), fact.id


def test_diagnostics_cross_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(SpecError("a.yaml:1: x, expected y", "b.yaml:2: x, expected y")))
    assert str(error) == "a.yaml:1: x, expected y\nb.yaml:2: x, expected y"
    assert error.diagnostics == ["a.yaml:1: x, expected y", "b.yaml:2: x, expected y"]
