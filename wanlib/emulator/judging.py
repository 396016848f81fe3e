"""A body before its rules: what is broken, what the service says to it, what is asked for."""

import base64
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, NamedTuple, TypedDict

from wanlib.base.header import facts_of_bytes
from wanlib.base.rule_id import parse_rule_id
from wanlib.base.violation import Violation
from wanlib.emulator.values import Values, image_places, read_fields
from wanlib.spec import Field, Spec, interpret
from wanlib.spec.decode import Reading

# What a body says of an image that it does not hold itself: a file in storage is not judged by it.
_TOLD = ("schemes", "chars", "encoding", "mime")


class Terms(TypedDict):
    """How image URLs are judged: whether they may be private, and the time in Unix seconds."""

    local: bool
    now: float


class Question(NamedTuple):
    """A body that has come in. reading: its fields, None where it names no known model."""

    body: Any
    call: str
    reading: Reading | None


def ask(spec: Spec, body: Any, call: str) -> Question:
    """A body, read by the form of its model."""
    model = body.get("model") if isinstance(body, dict) else None
    if model is None or spec.base(model) is None:
        return Question(body, call, None)
    return Question(body, call, read_fields(spec, spec.family(model), body))


def judge(spec: Spec, question: Question, *, local: bool, now: float) -> tuple[Violation, ...]:
    """Return all violations of a body, as far as the body shows them.

    Args:
        spec: the rules.
        question: the body.
        local: accept image URLs that are not public.
        now: Unix seconds, by which signatures of URLs are judged.
    """
    return tuple(interpret(spec, question.body, question.call, question.reading, local=local, now=now))


def judge_files(
    spec: Spec, question: Question, files: Mapping[str, bytes], *, local: bool, now: float
) -> tuple[Violation, ...]:
    """Return the violations by the uploaded files that a body names, and no others. files: by URL."""
    resolved, paths = _with_files(spec, question, files)
    found = []
    for violation in interpret(spec, resolved, question.call, local=local, now=now):
        kind = parse_rule_id(violation.rule).kind
        if kind not in _TOLD or violation.path not in paths:
            found.append(violation)
    return tuple(found)


def named_files(spec: Spec, question: Question, schemes: tuple[str, ...]) -> list[str]:
    """The URLs of some schemes that stand where images are due."""
    if question.reading is None:
        return []
    reading = question.reading
    places = image_places(spec.family(question.body["model"]), reading)
    return [url for _, _, url in places if isinstance(url, str) and reading.image(url).scheme in schemes]


def read_values(spec: Spec, question: Question, violations: tuple[Violation, ...]) -> Values:
    """The effective values of a body whose model is known."""
    assert question.reading is not None
    model = question.body["model"]
    base = spec.base(model) or model
    return Values(spec.family(model), question.reading, base, question.call, violations)


def _with_files(spec: Spec, question: Question, files: Mapping[str, bytes]) -> tuple[Any, frozenset[str]]:
    """The body with files for URLs, and where they stand."""
    assert question.reading is not None
    resolved, paths = deepcopy(question.body), set()
    for field, path, url in image_places(spec.family(question.body["model"]), question.reading):
        if isinstance(url, str) and url in files:
            _put(resolved, path, _as_data_uri(field, files[url]))
            paths.add(path)
    return resolved, frozenset(paths)


def _as_data_uri(field: Field, data: bytes) -> str:
    """A file by the name that its field has for what it is, so that only its content is judged."""
    format = facts_of_bytes(data).format or ""
    mime = next((rule.limit.get(format) for rule in field.of_kind("mime")), None) or "image/any"
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def _put(value: Any, pointer: str, new: str) -> None:
    *steps, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    for step in steps:
        value = value[int(step)] if isinstance(value, list) else value[step]
    value[int(last) if isinstance(value, list) else last] = new
