"""The vocabulary of the API, read from the spec, and the places where code contains it as a literal."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from wanlib.spec import Spec
from wanlib.spec.source.annotated import parse_duration

_HOLE = re.compile(r"\{[^{}]*\}")
_SPAN = re.compile(r"[1-9][0-9]* (s|h)")
_MIN_WORDING = 10
_MIN_NUMBER = 64
"""Smaller numbers occur everywhere in programs."""
_COMMON = frozenset({100, 300, 500, 512, 4096, 1 << 20})
"""HTTP statuses, buffer sizes and a megabyte, which are not specific to the API."""
_OF_HTTP = frozenset({"Authorization", "Content-Type", "server"})
"""Headers that every HTTP service has."""


class Literal(NamedTuple):
    """A fact of the API in code.

    Attributes:
        line: line number, from 1.
        kind: what it is, such as `code`.
        value: the literal.
    """

    line: int
    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.line}: {self.kind} {self.value}"


class Vocabulary(NamedTuple):
    """The facts to look for.

    Attributes:
        words: the kinds of complete strings.
        parts: the kinds of strings that may be part of a longer one.
        numbers: the numbers.
    """

    words: Mapping[str, str]
    parts: Mapping[str, str]
    numbers: frozenset[float]


def read_vocabulary(spec: Spec) -> Vocabulary:
    """Collect the names, messages and numbers of the spec."""
    words: dict[str, str] = {}
    for kind, names in _words(spec):
        words |= dict.fromkeys((name for name in names if name), kind)
    parts: dict[str, str] = {}
    for kind, texts in _parts(spec):
        parts |= dict.fromkeys(texts, kind)
    return Vocabulary(words, parts, frozenset(_numbers(spec)) - _COMMON)


def find_literals(text: str, known: Vocabulary) -> Iterator[Literal]:
    """Yield the facts in a module, except in docstrings and annotations."""
    tree = ast.parse(text)
    skipped = _skipped(tree)
    lowered = {word.lower(): kind for word, kind in known.words.items() if kind == "header"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in skipped:
            continue
        value = node.value
        if isinstance(value, str):
            kind = known.words.get(value) or lowered.get(value.lower())
            inside = next((kind for part, kind in known.parts.items() if part in value), None)
            if match := kind or inside:
                yield Literal(node.lineno, match, value)
        elif isinstance(value, int | float) and not isinstance(value, bool) and value in known.numbers:
            yield Literal(node.lineno, "number", str(value))


def _skipped(tree: ast.AST) -> set[int]:
    """Return the constants that are not data: docstrings, annotations, names in `__all__`."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        inner: list[ast.AST | None] = []
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inner = [node.value]
        elif isinstance(node, ast.AnnAssign | ast.arg):
            inner = [node.annotation]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [node.returns]
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets
        ):
            inner = [node.value]
        for root in inner:
            if root is not None:
                skipped |= {id(child) for child in ast.walk(root) if not _is_help(root, child)}
    return skipped


def _is_help(annotation: ast.AST, child: ast.AST) -> bool:
    """Return True for a constant in a call inside an annotation, such as the help of an option."""
    calls = [node for node in ast.walk(annotation) if isinstance(node, ast.Call)]
    return any(child in ast.walk(call) for call in calls)


def _words(spec: Spec) -> Iterator[tuple[str, Iterable[str]]]:
    wire, service = spec.wire, spec.service
    yield "member of a body", _body_members(wire["bodies"])
    yield "member of an answer", _answer_members(wire["answers"])
    yield "parameter of a query", [name for query in wire["queries"].values() for name in query]
    yield "parameter", {field.name for family in spec.families for field in family.walk()} - {"each"}
    yield "value of a parameter", _values(spec)
    yield "field of a form", wire["upload"]["form"]
    yield "status of a task", spec.task["states"]
    yield (
        "element of the storage",
        [name for role, name in service["names"]["storage"].items() if role not in ("source", "notes")],
    )
    yield "code", [*wire["errors"], *(row["code"] for row in service["storage"]["answers"].values())]
    yield "region", wire["regions"]
    yield "header", {*wire["headers"], *service["headers"]} - _OF_HTTP
    yield (
        "value of a header",
        [
            row["is"]
            for row in wire["headers"].values()
            if "{" not in row["is"] and row["is"] != "application/json"
        ],
    )
    yield "form of a time", [wire["times"]["query"]["form"], wire["times"]["list"]["form"]]
    yield "currency", [wire["currency"]]


def _parts(spec: Spec) -> Iterator[tuple[str, Iterable[str]]]:
    wire, service = spec.wire, spec.service
    yield "model", spec.models
    yield (
        "path",
        {endpoint.split(" ")[1] for calls in wire["endpoints"].values() for endpoint in calls.values()}
        | {endpoint.split(" ")[1] for endpoint in wire["paths"].values()}
        | {wire["base_path"]},
    )
    yield (
        "host",
        {
            re.sub(r"^https?://(\{workspace\}\.)?", "", host)
            for region in wire["regions"].values()
            for host in (region.get("host"), region.get("workspace_host"))
            if host
        },
    )
    yield (
        "scheme",
        [f"{scheme}://" for header in wire["headers"].values() for scheme in header.get("schemes", ())],
    )
    yield (
        "wording",
        [
            piece.strip()
            for text in _wordings(service)
            for piece in _HOLE.split(text)
            if len(piece.strip()) >= _MIN_WORDING
        ],
    )


def _wordings(service: Mapping[str, Any]) -> Iterator[str]:
    rows = [*service["errors"].values(), *service["refusals"], *service["storage"]["answers"].values()]
    yield from (row["message"] for row in rows if not row.get("ours"))
    yield from (row["is"] for rows in service["messages"].values() for row in rows)


def _body_members(bodies: Any) -> Iterator[str]:
    for name, inner in bodies.items() if isinstance(bodies, dict) else ():
        if name in ("input", "parameters") or (
            isinstance(inner, dict | str) and name.endswith(("_url", "input"))
        ):
            yield name
        yield from _body_members(inner)


def _answer_members(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "members":
                yield from inner
            yield from _answer_members(inner)


def _values(spec: Spec) -> Iterator[str]:
    """Texts that a parameter may have: words of a closed list, keywords of sizes."""
    for rule in spec.rules.values():
        if rule.scope == "body" and rule.kind in ("one_of", "keywords"):
            yield from (value for value in rule.limit if isinstance(value, str))


def _numbers(spec: Spec) -> Iterator[float]:
    for rule in spec.rules.values():
        if rule.scope == "body":
            yield from _large(rule.limit)
    for table in ("polling", "timeouts", "upload", "rates", "account_rates", "queries"):
        yield from _large(spec.wire[table])
    yield from _large(spec.task)
    yield from _large(spec.service["upload"])


def _large(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _large(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _large(inner)
    elif isinstance(value, str) and _SPAN.fullmatch(value):
        yield from _large(parse_duration(value))
    elif isinstance(value, int | float) and not isinstance(value, bool) and value >= _MIN_NUMBER:
        yield value
