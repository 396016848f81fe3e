"""spec/README.md explains the language: every kind of rule with a valid example, every type and word."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app as conformance

from tests.setup.readme import Block, blocks, commands, matches
from tests.spec.kinds_spec import POT, kinds_files
from tests.spec.small import FAMILY, WIRE, write
from wanlib.cli.app import app
from wanlib.spec import Spec, load
from wanlib.spec.build.bodies import BodyFormBuilder
from wanlib.spec.load import spec_folder
from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.kinds import KINDS, OUTCOMES, TYPES
from wanlib.spec.model.modes import parse_mode
from wanlib.spec.source.schema_check import SCHEMA as SCHEMA_FILE
from wanlib.spec.source.schema_check import schema_diagnostics
from wanlib.spec.source.yaml_reader import read_yaml

PAGE = (spec_folder() / "README.md").read_text("utf-8")
SCHEMA = json.loads((spec_folder() / SCHEMA_FILE).read_text("utf-8"))["$defs"]
THE_BODY, ANY = "the body", "any"
CORNERS = "{{type: list, each: {{type: list, each: {{type: list, {}, each: {{type: integer}}}}}}}}"
SHARES = "{{type: list, {}, each: {{type: object, fields: {{share: {{type: percent}}}}}}}}"
FIELDS = {"ordered": CORNERS, "inside": CORNERS, "total": SHARES, "type": "{{{}}}"}
"""The field around the example of a kind that needs a certain one."""
BODY_RULES = {
    "model": "wire/model",
    "endpoints": "wire/endpoints",
    "unknown": "wan3.0/unknown",
    "only_for": "wan3.0/only_for",
    "only_in": "wan3.0/calls.stream.only_in",
    "parts": "wire/messages.input.messages.each.content.parts",
}


class Row(NamedTuple):
    """A row of the table of kinds."""

    kind: str
    types: str
    outcome: str
    by_mode: str
    example: str


def section(title: str) -> str:
    """Return the text below a heading of the page, up to the next."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """Return the cells of the rows in a section whose first cell is code."""
    lines = [line for line in section(title).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines]


def code_blocks(title: str, kind: str) -> Iterator[Block]:
    """Yield the fenced blocks of a language in a section."""
    return (block for block in blocks(section(title)) if block.kind == kind)


def kind_rows() -> dict[str, Row]:
    table = [Row(*(cell.replace("`", "") for cell in cells[:5])) for cells in rows("Kinds of rules")]
    return {row.kind: row for row in table}


def code(title: str) -> str:
    """Return the inline code of a section; an example in a block explains nothing."""
    text = re.sub(r"```.*?```", "", section(title), flags=re.DOTALL)
    return " ".join(re.findall(r"`([^`]+)`", text))


def vocabulary(schema: Any) -> Iterator[str]:
    """Yield the names and the words that a part of the schema of spec files allows."""
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        yield from schema.get("enum", ())
        for inner in schema.values():
            yield from vocabulary(inner)


def test_every_kind_has_a_row_in_order() -> None:
    assert [cells[0].strip("`") for cells in rows("Kinds of rules")] == [*KINDS]


@pytest.mark.parametrize("name", KINDS)
def test_rows_match_the_loader(name: str) -> None:
    row, kind = kind_rows()[name], KINDS[name]
    types = ", ".join(kind.types)
    assert row.types == (THE_BODY if not types else ANY if set(kind.types) == {*TYPES} else types)
    assert row.outcome == kind.outcome + (", always" if kind.fixed else "")
    assert row.by_mode == ("" if not types else "yes" if kind.varies else "no")


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    """The small spec with the example of every kind, and with each that may vary in a mode."""
    return load(write(tmp_path_factory.mktemp("examples"), example_files()))


def example_files() -> dict[str, str]:
    files, table = kinds_files(), kind_rows()
    fields = []
    for row in table.values():
        if row.types == THE_BODY:
            continue
        first = "text" if row.types == ANY else row.types.partition(",")[0]
        item = ", each: {{type: text}}" if first == "list" else ""
        field = FIELDS.get(row.kind, f"{{{{type: {first}, {{}}{item}}}}}")
        fields.append(f"  the_{row.kind}: {field.format(row.example)}\n")
        if row.by_mode == "yes":
            fields.append(f"  by_mode_{row.kind}: {field.format(f'when grand: {{{row.example}}}')}\n")
    family = replaced(files[FAMILY], "\nverbs:", f"{''.join(fields)}\nverbs:")
    files[FAMILY] = replaced(family, "  bare: count", "  text_only: count(images) == 0\n  bare: count")
    calls = f"{table['endpoints'].example.removesuffix('}')}, {table['only_in'].example}}}"
    pot = replaced(files[POT], "calls: {sync: POST /draw}", f"{calls}\nmodes: {{single: n == 1}}")
    pot = replaced(pot, "here: [sync]", "here: [sync, stream]")
    files[POT] = f"{pot}\n{table['only_for'].example}\n"
    assert table["model"].example in files[WIRE]
    files[WIRE] = replaced(files[WIRE], 'parts: {image: "images?", text: prompt}', table["parts"].example)
    return files


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


@pytest.mark.parametrize("name", KINDS)
def test_the_example_of_a_kind_is_a_rule(examples: Spec, name: str) -> None:
    if name in BODY_RULES:
        assert examples.rules[BODY_RULES[name]].kind == name
        return
    rules = [rule for rule in examples.rules.values() if rule.kind == name]
    assert [rule for rule in rules if rule.id.startswith(f"wan1.0/the_{name}.") and not rule.condition]
    varies = [rule for rule in rules if rule.id.startswith(f"wan1.0/by_mode_{name}.") and rule.condition]
    assert bool(varies) is KINDS[name].varies


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("A model file", SCHEMA["family"]["properties"]),
        (
            "Fields and types",
            [*TYPES, *(word for word in SCHEMA["field"]["properties"] if word not in KINDS)],
        ),
        ("Outcomes", OUTCOMES),
        ("Verbs", SCHEMA["verbs"]["properties"]),
        ("Output", [*vocabulary(SCHEMA["output"]), *vocabulary(SCHEMA["picture_size"])]),
        (
            "Dated revisions",
            ["revision", "page", "limits", "defaults", "calls", "rules_added", "regions_added"],
        ),
    ],
)
def test_every_word_is_explained(title: str, words: list[str]) -> None:
    explained = code(title)
    assert not [word for word in words if not re.search(rf"\b{word}\b", explained)]


def test_the_modes_are_valid() -> None:
    (block,) = code_blocks("Modes", "yaml")
    modes = read_yaml(block.text, "README.md")["modes"]
    assert all(parse_mode(text) for text in modes.values()) and len(modes) == 6


def test_the_body_forms_are_valid() -> None:
    (block,) = code_blocks("Body forms", "yaml")
    diagnostics = Diagnostics("README.md")
    builder = BodyFormBuilder("page#limits", diagnostics)
    forms = read_yaml(block.text, "README.md")["bodies"]
    shown = {node.form for name, form in forms.items() for node in builder.body(name, form).walk()}
    assert not diagnostics.lines
    assert shown == {"object", "list", "constant", "parts", "leaf", "rest"}


def test_the_sections_of_a_model_file_match_the_schema() -> None:
    """Each block, with the sections of the first model that it does not show."""
    (model,) = code_blocks("A first model", "yaml")
    shown = set()
    for block in blocks(PAGE):
        if block.kind != "yaml" or "bodies:" in block.text:
            continue
        part, document = (read_yaml(text, "README.md") for text in (block.text, model.text))
        document.update(part)
        document.lines.update(part.lines)
        shown |= {*part}
        assert not schema_diagnostics(document, "README.md", spec_folder() / SCHEMA_FILE), block.line
    assert shown == {*SCHEMA["family"]["properties"]}


def test_the_first_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From an empty folder: what commands print is shown; of the last two, only the options are tested."""
    title = "A first model"
    (model,), (body,), (mistake,) = (code_blocks(title, kind) for kind in ("yaml", "json", "text"))
    monkeypatch.chdir(tmp_path)
    Path("first").mkdir()
    Path("first/tea.yaml").write_text(model.text, "utf-8")
    Path("body.json").write_text(body.text, "utf-8")
    check, explain, serve, run = [c for b in code_blocks(title, "console") for c in commands(b)]
    code, printed = invoke(check.text)
    assert (code, matches(check.output, printed)) == (1, True), printed
    assert invoke(explain.text)[0] == 0
    assert invoke(f"{serve.text} --help")[0] == 0
    assert invoke(f"{run.text} --help")[0] == 0
    Path("first/tea.yaml").write_text(replaced(model.text, " max: 4", " maximum: 4"), "utf-8")
    code, printed = invoke(check.text)
    assert (code, matches(mistake.text, printed)) == (2, True), printed


def invoke(command: str) -> tuple[int, str]:
    """Run a command in this process; return its exit code, and what it printed."""
    program, *arguments = shlex.split(command)
    application: Any = {"wanlib": app(), "wan-conformance": conformance}[program]
    result = CliRunner().invoke(application, arguments, prog_name=program)
    return result.exit_code, result.output
