"""The OpenAPI document: it is valid, covers the whole API, and checks bodies as the schemas do."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.emit.schema.bodies import TEXT, VALID, messages
from wanlib.emit.schema.openapi import openapi
from wanlib.spec import load

SPEC = load()
DOCUMENT = openapi(SPEC)
SYNC = "/services/aigc/multimodal-generation/generation"
ASYNC = "/services/aigc/image-generation/generation"
OLD_ASYNC = "/services/aigc/image2image/image-synthesis"


def operation(path: str, verb: str = "post") -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][path][verb]
    return found


def parameters(path: str, verb: str = "post") -> dict[str, Any]:
    return {each["name"]: each for each in operation(path, verb)["parameters"]}


def test_it_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_it_is_plain_json() -> None:
    assert json.loads(json.dumps(DOCUMENT, allow_nan=False)) == DOCUMENT


def test_it_has_every_call() -> None:
    calls = {(path, verb) for path, verbs in DOCUMENT["paths"].items() for verb in verbs}
    assert calls == {
        (SYNC, "post"),
        (ASYNC, "post"),
        (OLD_ASYNC, "post"),
        ("/tasks/{task_id}", "get"),
        ("/tasks", "get"),
        ("/tasks/{task_id}/cancel", "post"),
        ("/uploads", "get"),
        ("/tokens", "post"),
    }
    names = [value["operationId"] for verbs in DOCUMENT["paths"].values() for value in verbs.values()]
    assert len(set(names)) == len(calls)


def test_servers_are_the_regions_with_their_workspaces() -> None:
    urls = {server["url"]: server for server in DOCUMENT["servers"]}
    assert "https://dashscope.aliyuncs.com/api/v1" in urls
    assert "workspace" in urls["https://{workspace}.eu-central-1.maas.aliyuncs.com/api/v1"]["variables"]
    assert all(("{workspace}" in url) == ("variables" in server) for url, server in urls.items())


def test_headers_are_required_where_every_call_of_a_path_needs_them() -> None:
    for path in (ASYNC, OLD_ASYNC):
        header = parameters(path)["X-DashScope-Async"]
        assert header["required"] is True
        assert header["schema"]["enum"] == ["enable"]
    sync = parameters(SYNC)
    assert "X-DashScope-Async" not in sync
    assert sync["X-DashScope-Sse"]["required"] is False
    assert sync["X-DashScope-OssResourceResolve"]["required"] is False
    assert parameters("/tasks", "get")["X-DashScope-WorkSpace"]["required"] is False


def test_responses_depend_on_the_call() -> None:
    def answer(path: str, verb: str = "post") -> Any:
        return operation(path, verb)["responses"]["200"]["content"]

    assert answer(SYNC)["application/json"]["schema"] == {"$ref": "#/components/schemas/choices"}
    data = answer(SYNC)["text/event-stream"]["schema"]["properties"]["data"]
    assert data["contentMediaType"] == "application/json"
    assert data["contentSchema"] == {
        "anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("choices", "error")]
    }
    assert answer(ASYNC) == {"application/json": {"schema": {"$ref": "#/components/schemas/created"}}}
    assert answer("/tasks", "get") == {
        "application/json": {"schema": {"$ref": "#/components/schemas/listed"}}
    }


def test_filters_and_lifetimes_are_parameters() -> None:
    filters = parameters("/tasks", "get")
    assert filters["start_time"]["schema"]["pattern"] == "^[0-9]{14}$"
    assert filters["page_size"]["schema"] == {
        "type": "integer",
        "default": SPEC.wire["queries"]["list"]["page_size"]["default"],
    }
    assert "UNKNOWN" in filters["status"]["schema"]["enum"]
    lifetime = parameters("/tokens")["expire_in_seconds"]["schema"]
    assert (lifetime["minimum"], lifetime["maximum"]) == (
        1,
        SPEC.wire["queries"]["token"]["expire_in_seconds"]["max"],
    )


def test_errors_carry_their_codes_by_status() -> None:
    responses = DOCUMENT["components"]["responses"]
    assert "retryable: Throttling, " in responses["error-429"]["description"]
    assert "billing: Arrearage" in responses["error-400"]["description"]
    assert {"400", "401", "403", "404", "429", "500", "503"} <= operation(SYNC)["responses"].keys()


def judged(path: str, body: Any) -> bool:
    schema = operation(path)["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator(schema | {"components": DOCUMENT["components"]}).is_valid(body)


@pytest.mark.parametrize("body", VALID, ids=lambda body: str(body["model"]))
def test_bodies_are_accepted_at_the_paths_of_their_model(body: Any) -> None:
    asynchronous = SPEC.wire["endpoints"][body["model"]]["async"].split(" ")[1]
    assert judged(asynchronous, body)
    assert judged(SYNC, body) == ("sync" in SPEC.calls(body["model"]))


def test_references_to_modes_stay_inside_the_document() -> None:
    assert judged(SYNC, messages("wan2.7-image-pro", TEXT, enable_sequential=True, n=12))
    assert not judged(SYNC, messages("wan2.7-image-pro", TEXT, n=12))
