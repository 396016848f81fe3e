"""Export the whole HTTP API as an OpenAPI 3.1 document: create calls, tasks, uploads and tokens."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from wanlib.emit.schema.json_schema import schema
from wanlib.emit.schema.keywords import TYPES
from wanlib.emit.schema.locations import Schema
from wanlib.spec import Spec

JSON = "application/json"


def response_schemas(spec: Spec) -> dict[str, Schema]:
    """Return each response shape by name; they accept further members, since the vendor adds some."""
    return {name: _object(members) for name, members in spec.wire["answers"].items()}


def error_responses(spec: Spec) -> dict[str, Schema]:
    """Return a response for each HTTP status of an error, named `error-STATUS`, with its codes."""
    by_status: dict[int, dict[str, Any]] = {}
    for code, what in spec.wire["errors"].items():
        by_status.setdefault(what["status"], {})[code] = what
    return {f"error-{status}": _response(codes) for status, codes in sorted(by_status.items())}


def _response(codes: Mapping[str, Any]) -> Schema:
    classes: dict[str, list[str]] = {}
    for code, what in codes.items():
        classes.setdefault(what["class"], []).append(code)
    words = [f"{name}: {', '.join(members)}" for name, members in classes.items()]
    again = [code for code, what in codes.items() if what.get("retry")]
    words += [f"retryable: {', '.join(again)}"] if again else []
    seen = {"properties": {"code": {"examples": list(codes)}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/error"}, seen]}
    return {"description": "; ".join(words) + ".", "content": {JSON: {"schema": schema}}}


def _object(members: Mapping[str, Any]) -> Schema:
    required = [name for name, value in members.items() if value.get("required")]
    properties = {name: _value(value) for name, value in members.items()}
    return {"type": "object"} | ({"required": required} if required else {}) | {"properties": properties}


def _value(value: Mapping[str, Any]) -> Schema:
    schema: Schema = {"description": value["notes"]} if "notes" in value else {}
    if "members" in value:
        return schema | _object(value["members"])
    schema |= TYPES[value["type"]]
    if "each" in value:
        schema["items"] = _value(value["each"])
    if "one_of" in value:
        schema["enum"] = list(value["one_of"])
    return schema


_SCHEMAS = "#/components/schemas"
# OpenAPI expresses these by `security` and by the content type of the body.
_IMPLIED = ("Authorization", "Content-Type")


def openapi(spec: Spec) -> dict[str, Any]:
    """Return the document for a spec as plain JSON, the same for the same spec.

    Request bodies are the exported JSON Schemas; error responses list their codes by status. If a path serves
    several calls, the content type distinguishes their responses: `text/event-stream` is the streamed one,
    with the schema of one event.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Wan image API",
            "version": spec.families[0].version,
            "description": "Generated from the spec files; x-wan-rules names the rule behind each keyword.",
        },
        "servers": [server for region in spec.wire["regions"].items() for server in _servers(spec, *region)],
        "security": [{"key": []}],
        "paths": _create_paths(spec) | _other_paths(spec),
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {model: _embedded(spec, model) for model in spec.models} | response_schemas(spec),
            "responses": error_responses(spec),
        },
    }


def _servers(spec: Spec, region: str, about: Mapping[str, Any]) -> Iterable[Schema]:
    offers = about.get("calls")
    calls = "; ".join(f"{model}: {', '.join(calls)}" for model, calls in (offers or {}).items())
    if offers is None:
        calls = "Its calls are not documented"
    description = " ".join(
        [f"{region.capitalize()}. {calls}.", *([about["notes"]] if "notes" in about else [])]
    )
    if "host" in about:
        yield {"url": about["host"] + spec.wire["base_path"], "description": description}
    if "workspace_host" in about:
        yield {
            "url": about["workspace_host"] + spec.wire["base_path"],
            "description": description,
            "variables": {"workspace": {"default": "workspace", "description": "The id of your workspace."}},
        }


def _embedded(spec: Spec, model: str) -> Schema:
    """Return a model's schema as a component, in which `#` is the whole document."""
    body_schema = {key: value for key, value in schema(spec, model).items() if key not in ("$schema", "$id")}
    moved: Schema = _rebase_refs(body_schema, f"{_SCHEMAS}/{model}/$defs/")
    return moved


def _rebase_refs(value: Any, base: str) -> Any:
    if isinstance(value, dict):
        if "$ref" in value:
            return {"$ref": base + value["$ref"].removeprefix("#/$defs/")}
        return {key: _rebase_refs(inner, base) for key, inner in value.items()}
    return [_rebase_refs(inner, base) for inner in value] if isinstance(value, list) else value


def _create_paths(spec: Spec) -> dict[str, Schema]:
    served: dict[tuple[str, str], dict[str, list[str]]] = {}
    for model, calls in spec.wire["endpoints"].items():
        for call, endpoint in calls.items():
            verb, path = endpoint.split(" ")
            served.setdefault((path, verb.lower()), {}).setdefault(model, []).append(call)
    names = _operation_names([path for path, _ in served])
    return {path: {verb: _create(spec, names[path], models)} for (path, verb), models in served.items()}


def _operation_names(paths: list[str]) -> dict[str, str]:
    """Return a unique name for each path: its last segment but one, or else the whole path."""
    short = {path: re.sub(r"\W", "_", path.split("/")[-2]) for path in paths}
    counts = Counter(short.values())
    return {
        path: name if name and counts[name] == 1 else re.sub(r"\W+", "_", path).strip("_")
        for path, name in short.items()
    }


def _create(spec: Spec, name: str, models: Mapping[str, list[str]]) -> Schema:
    calls = list(dict.fromkeys(call for calls in models.values() for call in calls))
    references = {model: f"{_SCHEMAS}/{model}" for model in models}
    body = {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "model", "mapping": references},
    }
    return {
        "operationId": f"create_{name}",
        "summary": f"Make pictures ({', '.join(calls)})",
        "description": "; ".join(f"{model}: {', '.join(its)}" for model, its in models.items()) + ".",
        "parameters": _headers(spec, calls, body=True),
        "requestBody": {"required": True, "content": {JSON: {"schema": body}}},
        "responses": {"200": _created(spec, models, calls)} | _errors(spec),
    }


def _created(spec: Spec, models: Iterable[str], calls: Iterable[str]) -> Schema:
    """Return the response of each call: the task of an asynchronous call, else the result."""
    by_call: Mapping[str, str] = spec.wire["answer_of"]
    forms = {spec.family(model).output["result"] for model in models}
    names = sorted({name for call in calls for name in ([by_call[call]] if call in by_call else forms)})
    references = [{"$ref": f"{_SCHEMAS}/{name}"} for name in names]
    content: Schema = {JSON: {"schema": references[0] if len(references) == 1 else {"anyOf": references}}}
    if "stream" in calls:
        content["text/event-stream"] = {"schema": _event(sorted(forms))}
    return {"description": f"Responses of the form {', '.join(names)}.", "content": content}


def _event(forms: list[str]) -> Schema:
    """Return a stream as OpenAPI before 3.2 describes it: by the schema of one event."""
    data = {"anyOf": [{"$ref": f"{_SCHEMAS}/{name}"} for name in (*forms, "error")]}
    return {
        "type": "object",
        "description": f"An event; its data is JSON: a response of the form {', '.join(forms)}, or an error.",
        "required": ["data"],
        "properties": {
            "id": {"type": "string"},
            "event": {"type": "string"},
            "data": {"type": "string", "contentMediaType": JSON, "contentSchema": data},
        },
    }


def _headers(spec: Spec, calls: Iterable[str], *, body: bool = False) -> list[Schema]:
    """Return the headers of some calls, required if each of the calls requires them."""
    headers = []
    for name, header in spec.wire["headers"].items():
        own = set(header.get("call", ())) & set(calls)
        if name in _IMPLIED or not (own or (body and "schemes" in header)):
            continue
        always = own == set(calls) and not header.get("optional")
        fixed = {} if "{" in header["is"] else {"enum": [header["is"]]}
        schemes = [
            f"Required if the body contains a {scheme}:// URL." for scheme in header.get("schemes", ())
        ]
        words = " ".join([*schemes, *([header["notes"]] if "notes" in header else [])])
        headers.append(_parameter(name, "header", {"type": "string"} | fixed, words, required=always))
    return headers


def _parameter(name: str, where: str, schema: Schema, words: str = "", *, required: bool = False) -> Schema:
    parameter = {"name": name, "in": where, "required": required, "schema": schema}
    return parameter | ({"description": words} if words else {})


def _other_paths(spec: Spec) -> dict[str, Schema]:
    paths: dict[str, Schema] = {}
    for call, endpoint in spec.wire["paths"].items():
        verb, path = endpoint.split(" ")
        answer = spec.wire["answer_of"][call]
        content = {JSON: {"schema": {"$ref": f"{_SCHEMAS}/{answer}"}}}
        paths.setdefault(path, {})[verb.lower()] = {
            "operationId": call,
            "summary": _SUMMARIES[call],
            **({"description": _polling(spec)} if call == "query" else {}),
            "parameters": [*_own_parameters(spec, call), *_headers(spec, [call])],
            "responses": {"200": {"description": f"A response of the form {answer}.", "content": content}}
            | _errors(spec),
        }
    return paths


def _polling(spec: Spec) -> str:
    """Return the text on the interval for polling a task."""
    longest, shortest = spec.wire["polling"]["max_interval"], spec.wire["polling"]["min_interval"]
    return f"Poll every {longest}, and never more often than every {shortest}."


_SUMMARIES = {
    "query": "Query a task; the response of a succeeded task contains its result",
    "list": "List the tasks of the last day",
    "cancel": "Cancel a waiting task",
    "policy": "Get an upload policy",
    "token": "Get a short-lived key",
}


def _own_parameters(spec: Spec, call: str) -> list[Schema]:
    """Return the path and query parameters of a call."""
    _, _, path = spec.wire["paths"][call].partition(" ")
    task = {"type": "string", "pattern": f"^(?:{spec.wire['task_id']['is']})$"}
    parameters = [_parameter("task_id", "path", task, required=True)] if "{task_id}" in path else []
    for name, how in spec.wire["queries"].get(call, {}).items():
        parameters.append(_parameter(name, "query", *_query(spec, how), required="required" in how))
    return parameters


def _query(spec: Spec, how: Any) -> tuple[Schema, str]:
    """Return the schema and description of a query parameter."""
    schema: Schema = {"type": {"text": "string"}.get(how["type"], how["type"])}
    words = how.get("one_of")
    if words:
        schema["enum"] = list({"states": spec.task["states"], "models": spec.models}.get(str(words), words))
    if "form" in how:
        schema["pattern"] = f"^[0-9]{{{len(how['form'])}}}$"
    names = {"min": "minimum", "max": "maximum", "default": "default"}
    schema |= {names[part]: how[part] for part in names if part in how}
    return schema, f"{how['form']}; the two times at most {how['within']} apart." if "form" in how else ""


def _errors(spec: Spec) -> dict[str, Schema]:
    statuses = sorted({what["status"] for what in spec.wire["errors"].values()})
    return {str(status): {"$ref": f"#/components/responses/error-{status}"} for status in statuses}
