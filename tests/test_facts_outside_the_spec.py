"""Facts of the API (names, codes, messages, numbers) are stated in `spec/` and never typed into code."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.support.api_facts import KEPT_FOR, limit_of
from tests.support.api_vocabulary import Literal, Vocabulary, find_literals, read_vocabulary
from wanlib.spec import load
from wanlib.spec.load import spec_folder

ROOT = Path(__file__).parents[1]

OUR_WORDS = {"model", "prompt", "images", "sync", "async", "stream", "policy", "token"}
"""Arguments of our verbs, and the names of calls in the spec language."""

LANGUAGE = ("wanlib/base/", "wanlib/spec/", "wanlib/emit/", "wanlib/limits.py")
"""They know the spec language, so they may use its words: the keys and the closed lists of its schema."""

COMMANDS = frozenset({"code", "file", "message", "request_id", "status", "task_id", "url"})
"""Words of our own results, errors and rules, which the commands read and print."""

RESULT = "a member of our own results, errors or journal, which others rely on"
ROW = "a key of the tables in spec/"
ASGI = "a key of ASGI"
PAGE = "a member of the emulator's own page and control surface"
FAULT = "a word of x-wan-fault"
COMMAND = "the command and function `size`, and its option"
HOLE = "what stands in braces in a wording or a header"
MODE = "an access right of a file, 0o600"
UNIT = "a unit of time"
DIFF = "a member of the output of `wanlib diff`"
SARIF = "a word of SARIF"
TYPE = "a type of the spec language"

ALLOWED: Mapping[str, Mapping[str, str]] = {
    "wanlib/__init__.py": {"size": COMMAND},
    "wanlib/cli/app.py": {"size": COMMAND},
    "wanlib/cli/commands/size.py": {"ratio": COMMAND},
    "wanlib/base/urls.py": {"oss://": "how the URL of an uploaded file is written"},
    "wanlib/base/sqlite_file.py": {"384": MODE},
    "wanlib/base/messages.py": {"oss://": "advice on what to do with a private image"},
    "wanlib/cli/commands/serve.py": {"86400": UNIT},
    "wanlib/cli/commands/calls/tasks.py": {"86400": UNIT},
    "wanlib/emit/schema/openapi.py": {
        "parameters": "a word of OpenAPI",
        "content": "a word of OpenAPI",
        "url": "a word of OpenAPI",
        "key": "the name of our security scheme",
        "task_id": "the hole in the path of a task",
    },
    "wanlib/emit/client/api_tables.py": {"task_id": ROW},
    "wanlib/emulator/api/response_bodies.py": dict.fromkeys(
        (
            "finish_reason",
            "results",
            "choices",
            "input",
            "size",
            "input_tokens",
            "output_tokens",
            "total_tokens",
        ),
        ROW,
    ),
    "wanlib/emulator/admin/api.py": {"code": PAGE, "message": PAGE, "type": ASGI, "86400": UNIT},
    "wanlib/emulator/storage/disk_blobs.py": {"384": MODE},
    "wanlib/emulator/core/fault.py": {"code": FAULT, "message": FAULT, "status": FAULT},
    "wanlib/emulator/core/fault_injection.py": {"status": FAULT},
    "wanlib/emulator/server/asgi_request.py": {"type": ASGI},
    "wanlib/emulator/api/tasks.py": {"epoch ms": ROW},
    "wanlib/emulator/api/job_spec.py": {"size": ROW, "seed": ROW, "watermark": ROW},
    "wanlib/emulator/server/asgi_response.py": {"type": ASGI, "status": ASGI},
    "wanlib/emulator/api/response_builder.py": {"code": ROW, "message": ROW, "status": ROW},
    "wanlib/emulator/admin/state.py": dict.fromkeys(
        ("status", "code", "message", "request_id", "file"), PAGE
    ),
    "wanlib/emulator/api/values.py": {"image": TYPE},
    "wanlib/emulator/core/vendor_errors.py": {"watermark": ROW, "code": ROW, "message": ROW, "url": HOLE},
    "wanlib/client/core.py": {"status": "an argument of `tasks`"},
    "wanlib/client/tasks/submit.py": dict.fromkeys(("status", "code", "request_id"), RESULT),
    "wanlib/errors.py": dict.fromkeys(("code", "message", "status", "request_id", "task_id"), RESULT),
    "wanlib/client/journal/journal.py": dict.fromkeys(("key", "task_id", "request_id", "status"), RESULT),
    "wanlib/client/results/parts.py": dict.fromkeys(
        ("actual_prompt", "type", "url", "image", "text", "code", "message"), RESULT
    ),
    "wanlib/client/call/prepared.py": {"url": RESULT},
    "wanlib/client/results/result.py": {"request_id": RESULT, "task_id": RESULT},
    "wanlib/client/results/stream_reader.py": {
        "message": "the default name of an event in the HTML standard"
    },
    "wanlib/client/tasks/waiter.py": {"task_id": RESULT},
    "wanlib/client/drivers/http_adapter.py": {
        "InvalidURL": "an exception of httpx",
        "content": "an argument of httpx",
    },
    "wanlib/diff/change.py": {"text": DIFF},
    "wanlib/diff/sentences.py": {"type": "a kind of rule"},
    "wanlib/diff/report/sarif.py": dict.fromkeys(("message", "text", "results", "region"), SARIF),
    "wanlib/migration/source_calls.py": {
        "image": TYPE,
        "text": TYPE,
        "negative_prompt": "a positional argument of the official SDK",
    },
    "wanlib/migration/source_migration.py": {"image": TYPE, "text": TYPE},
    "wanlib/client/journal/leases.py": {"384": MODE},
    "wanlib/client/protocol/live_calls.py": {"request_id": RESULT, "task_id": RESULT},
    "wanlib/client/protocol/service_clock.py": {"86400.0": UNIT},
    "wanlib/spec/model/predicates.py": {"oss://": "how the URL of an uploaded file is written"},
    "wanlib/spec/tables/table_rules.py": {"task_id": ROW},
    "wanlib/spec/tables/table_checks.py": {"request_id": HOLE, "url": HOLE},
    "wanlib/spec/source/files.py": {"parameters": "a generated module"},
    "wanlib/spec/source/schema_check.py": {"file": "a word that JSON Schema users write for an image"},
    "wanlib/emit/client/methods.py": {"parameters": "an argument of our verbs"},
    "wanlib/spec/model/kinds.py": {"input": "the container that an example names", "parameters": "the same"},
    "wanlib/spec/mutations.py": {
        "input": "the container that a mutant moves a field to",
        "parameters": "the same",
    },
}
"""For each file the words that mean something else there, with their meaning."""

HARNESS = frozenset({"model", "code", "wording", "host", "currency", "region", "value of a header"})
"""The kinds of facts that the harness must not contain. It may name members of requests and responses."""

CASE_MAKERS = "wanlib/boundary/"
"""The package of boundary cases writes request bodies, so it is looked through as the harness is."""

HARNESS_KNOWS = (
    "conformance/wan_conformance/lifecycle/",  # states what must hold, independently of the spec
    "conformance/wan_conformance/parity/",  # drives the official SDK
    "conformance/wan_conformance/strategies/invalid_bodies.py",  # model names that are nearly right
)


PLANTED_IN = (
    "wanlib/client/tasks/status.py",
    "wanlib/emulator/api/create.py",
    "wanlib/cli/commands/calls/tasks.py",
)
"""Modules in which the tests inject a fact."""


@cache
def known() -> Vocabulary:
    return read_vocabulary(load())


@cache
def language() -> frozenset[str]:
    """Every key and every word of a closed list in the schema of the spec files."""
    words: set[str] = set()

    def walk(node: object) -> None:
        if isinstance(node, dict):
            words.update(node.get("properties", {}))
            words.update(word for word in node.get("enum", ()) if isinstance(word, str))
            for inner in node.values():
                walk(inner)
        elif isinstance(node, list):
            for inner in node:
                walk(inner)

    walk(json.loads((spec_folder() / "spec.schema.json").read_text("utf-8")))
    return frozenset(words)


def modules(top: str) -> Iterator[Path]:
    for path in sorted((ROOT / top).rglob("*.py")):
        if "generated" not in path.parts:
            yield path


def allowed(name: str, literal: Literal) -> str | None:
    """Return why a file may contain a literal, or None if it must not."""
    word = str(literal.value)
    if word in OUR_WORDS:
        return "a word of our own"
    if name.startswith(LANGUAGE) and (word in language() or literal.value == "epoch ms"):
        return "a word of the spec language"
    if name.startswith("wanlib/cli/") and word in COMMANDS:
        return "a word of our own results"
    rows = ALLOWED.get(name, {})
    return next(
        (why for part, why in rows.items() if word == part or (part == "oss://" and part in word)), None
    )


def misplaced_facts(name: str, text: str) -> list[str]:
    """`file:line: kind 'literal'` for each fact of the API that is typed into a module."""
    return [
        f"{name}:{literal.line}: {literal.kind} {literal.value!r}"
        for literal in find_literals(text, known())
        if allowed(name, literal) is None
    ]


def test_no_fact_of_the_api_is_typed_into_the_package() -> None:
    lines = [
        line
        for path in modules("wanlib")
        if not (name := path.relative_to(ROOT).as_posix()).startswith(CASE_MAKERS)
        for line in misplaced_facts(name, path.read_text("utf-8"))
    ]
    assert not lines, "\n".join(["facts of the API outside spec/:", *lines])


def test_the_harness_names_no_model_code_or_wording_but_where_it_must() -> None:
    lines = [
        f"{name}:{literal.line}: {literal.kind} {literal.value!r}"
        for path in (*modules("conformance"), *modules(CASE_MAKERS))
        if not (name := path.relative_to(ROOT).as_posix()).startswith(HARNESS_KNOWS)
        for literal in find_literals(path.read_text("utf-8"), known())
        if literal.kind in HARNESS
    ]
    assert not lines, "\n".join(["facts of the API outside spec/:", *lines])


def test_no_exception_outlives_its_use() -> None:
    """An exception that nothing needs any more would hide a fact."""
    unused = []
    for name, rows in ALLOWED.items():
        words = [str(literal.value) for literal in find_literals((ROOT / name).read_text("utf-8"), known())]
        unused += [f"{name}: {part}" for part in rows if not any(part in word for word in words)]
    assert not unused, "\n".join(unused)


@pytest.mark.parametrize(
    ("injected", "kind"),
    [
        ('status = answer["output"]["task_status"]', "member of an answer"),
        ('body = {"base_image_url": url}', "member of a body"),
        ('query = {"page_no": 1}', "parameter of a query"),
        ('value = fields.get("enable_sequential")', "parameter"),
        ('function = "super_resolution"', "value of a parameter"),
        ('size = "2K"', "value of a parameter"),
        ('if model == "wan2.7-image-pro": pass', "model"),
        ('print(f"{model} is no wan2.6-image, {reason}")', "model"),
        ('raise Refused("Throttling.RateQuota")', "code"),
        ('if status == "SUCCEEDED": pass', "status of a task"),
        ('if "url error, please check url\\uff01" in message: pass', "wording"),
        ('message = f"Range of {field} should be [{low}, {high}]"', "wording"),
        ('url = base + "/services/aigc/image-generation/generation"', "path"),
        ('host = "https://dashscope-intl.aliyuncs.com"', "host"),
        ('url = f"oss://{key}"', "scheme"),
        ('headers["x-dashscope-async"] = value', "header"),
        ('region = "singapore"', "region"),
        (f"MAX_SEED = {limit_of('wan2.7/seed.max')}", "number"),
        (f"if len(prompt) > {limit_of('wan2.7/prompt.max_chars')}: pass", "number"),
        (f"LIMIT = 7 * MIB if large else {limit_of('wan2.7/images.each.max_bytes')}", "number"),
        (f"EXPIRES = {KEPT_FOR}", "number"),
    ],
)
@pytest.mark.parametrize("name", PLANTED_IN)
def test_an_injected_fact_is_found_at_its_line(injected: str, kind: str, name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    line = text.count("\n") + 3
    lines = misplaced_facts(name, f"{text}\n\n{injected}\n")
    assert lines and all(text.startswith(f"{name}:{line}: ") for text in lines), lines
    assert any(f": {kind} " in text for text in lines), lines


def test_docstrings_and_annotations_are_not_facts() -> None:
    text = '''
"""wan2.7-image"""
from typing import Annotated
def ask(size: "size", *, region: Annotated[str, "beijing"] = "") -> "task_id":
    """task_status"""
    answer: "output" = 1
'''
    assert misplaced_facts("wanlib/client/x.py", text) == []
