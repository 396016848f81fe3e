"""The vectors: every reading is judged by them; what they cover; what their files may contain."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from wan_conformance.engine import vectors
from wan_conformance.engine.vectors import VECTORS, Vector, load

import wanlib
from wanlib import spec
from wanlib.base.violation import Violation
from wanlib.boundary import images

SPEC = Path(__file__).parents[2] / "spec"
EXAMPLES = Path(__file__).parents[3] / "shared" / "examples"
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

ALL = load()
FILES = sorted(VECTORS.glob("*.yaml"))

# What the example bodies break, and why that is right: all others are clean.
SURPRISES = {
    "wan2.6-image/gateway_interleave.request.json": (
        {"wire/messages.unknown"},
        "the gateway wants `stream` at the top; on the Wan pages it is a parameter",
    ),
    "_tasks/recorded_image2image_create.request.json": (
        {"wire/model"},
        "qwen-mt-image, a sister model recorded on the same path",
    ),
}


def broken(violations: list[Violation]) -> set[str]:
    """Return the violated rules; each is reported once per path."""
    places = [(violation.rule, violation.path) for violation in violations]
    assert len(places) == len(set(places)), places
    return {rule for rule, _ in places}


def readings(body: Any, call: str | None) -> dict[str, set[str]]:
    return {
        "generated": broken(wanlib.check(body, call=call)),
        "interpreted": broken(spec.interpret(spec.load(), body, call)),
    }


@pytest.mark.parametrize("vector", ALL, ids=lambda vector: vector.id)
def test_every_reading_reports_exactly_the_expected_rules(vector: Vector) -> None:
    expect = set(vector.expect)
    assert readings(vector.body(), vector.call) == {"generated": expect, "interpreted": expect}


# What they cover.


def statements() -> dict[str, dict[str, Any]]:
    text = (SPEC / "sources.yaml").read_text(encoding="utf-8")
    return dict(yaml.load(text, Loader=LOADER)["statements"])


def test_vectors_cover_all_models() -> None:
    models: dict[str, list[bool]] = {}
    for vector in ALL:
        body = vector.template
        if (
            isinstance(body, dict)
            and isinstance(body.get("model"), str)
            and "wire/model" not in vector.expect
        ):
            models.setdefault(spec.load().base(body["model"]) or "", []).append(not vector.expect)
    assert sorted(models) == sorted(spec.load().models)
    assert sum(map(len, models.values())) >= 240
    assert all(True in clean and False in clean for clean in models.values())


def test_each_vector_names_the_statement_of_a_violated_rule() -> None:
    known = statements()
    assert {vector.statement for vector in ALL} <= known.keys()
    astray = [
        vector.id for vector in ALL if vector.expect and not _comes_from(vector, known[vector.statement])
    ]
    assert astray == []


def _comes_from(vector: Vector, statement: dict[str, Any]) -> bool:
    return not set(vector.expect).isdisjoint(statement.get("rules", ()))


def test_every_rule_on_a_body_is_violated_by_a_vector() -> None:
    rules = {rule.id for rule in spec.load().rules.values() if rule.scope == "body"}
    rules |= {"wire/model", "wire/endpoints"}
    assert {rule for vector in ALL for rule in vector.expect} == rules


# They do not depend on the code, and any reader of YAML can read them.


@pytest.mark.parametrize("module", [vectors, images], ids=lambda module: module.__name__)
def test_the_loader_imports_no_spec(module: Any) -> None:
    imports = re.findall(r"wanlib[.\w]*", Path(module.__file__).read_text(encoding="utf-8"))
    leaves = {"wanlib.base.text", "wanlib.boundary.images", "wanlib.input_error", "wanlib.plain_yaml"}
    assert set(imports) <= leaves


def test_the_folder_has_only_data() -> None:
    assert {path.suffix for path in VECTORS.iterdir() if path.name != "__pycache__"} == {".yaml", ".md"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_files_are_unambiguous_yaml(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for event in yaml.parse(text, Loader=LOADER):
        assert getattr(event, "tag", None) is None and getattr(event, "anchor", None) is None, event
    assert list(_ambiguous(yaml.compose(text, Loader=LOADER))) == []


def _ambiguous(node: Any) -> Iterator[str]:
    """Repeated keys, and plain scalars that YAML 1.1 and 1.2 read unlike (`1:8`, `on`, `n`, `0o7`)."""
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        yield from {f"{key} twice, {node.start_mark}" for key in keys if keys.count(key) > 1}
        for pair in node.value:
            for part in pair:
                yield from _ambiguous(part)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _ambiguous(item)
    elif not node.style and _read_unlike(node):
        yield f"{node.value}, {node.start_mark}"


def _read_unlike(node: Any) -> bool:
    if node.tag == "tag:yaml.org,2002:str":
        return not re.match(r"[A-Za-z$]", node.value) or node.value.lower() in ("y", "n")
    return not re.fullmatch(r"true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?", node.value)


# The example bodies of the vendor's pages, where they are at hand.


def examples() -> list[Path]:
    paths = sorted(EXAMPLES.rglob("*.request.json"))
    return [path for path in paths if "body" in json.loads(path.read_bytes())]


def call_of(request: dict[str, Any]) -> str | None:
    """How an example is sent, by its path and headers; None for a gateway's."""
    if request["url"].endswith("/multimodal-generation/generation"):
        return "stream" if "X-DashScope-Sse" in request["headers"] else "sync"
    return "async" if request["headers"].get("X-DashScope-Async") == "enable" else None


def test_documented_bodies_are_valid_or_listed() -> None:
    if not examples():
        pytest.skip("the example bodies are not beside this checkout (../shared/examples)")
    found = {}
    for path in examples():
        request = json.loads(path.read_bytes())
        read = readings(request["body"], call_of(request))
        assert read["generated"] == read["interpreted"], path
        if read["generated"]:
            found[path.relative_to(EXAMPLES).as_posix()] = read["generated"]
    assert found == {name: rules for name, (rules, _) in SURPRISES.items()}


def test_each_documented_body_has_an_equal_vector() -> None:
    if not examples():
        pytest.skip("the example bodies are not beside this checkout (../shared/examples)")
    ours = [(vector.call, _shape(vector.body())) for vector in ALL if vector.file == "documented.yaml"]
    requests = [json.loads(path.read_bytes()) for path in examples()]
    theirs = [(call_of(request), _shape(request["body"])) for request in requests]
    assert [vector for vector in theirs if vector not in ours] == []
    assert len(ours) == len(theirs)


def _shape(value: Any) -> Any:
    """A body without its values: members, lengths and types."""
    if isinstance(value, dict):
        return {key: value[key] if key == "model" else _shape(value[key]) for key in value}
    return [_shape(item) for item in value] if isinstance(value, list) else type(value).__name__
