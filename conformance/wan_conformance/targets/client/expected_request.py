"""The HTTP request that `wire.yaml` prescribes for a call, and the differences of a request from it."""

import json
from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any

from wan_conformance.targets.client.verb_call import VerbCall
from wanlib.base.redaction import safe_repr
from wanlib.spec import Condition, Family, Node, Spec
from wanlib.spec.model.modes import given_key, holds

_VENDOR = "x-dashscope"


class ExpectedRequest:
    """The expected request of a client with this key and workspace to this address.

    Args:
        spec: The spec.
        base: The URL of the API with its base path.
        key: The API key of the client.
        workspace: Its workspace; None for none.
    """

    def __init__(self, spec: Spec, base: str, key: str, workspace: str | None) -> None:
        self._spec = spec
        self._base = base
        self._words = {"{key}": key, "{workspace}": workspace or ""}
        self._workspace = workspace

    def problems(self, call: VerbCall, body: Any, requests: list[Any], task: str) -> list[str]:
        """Return the difference between the requests of a call and the expected ones.

        Args:
            call: The call.
            body: The body of the case from which the call was made.
            requests: The requests sent: the create request, then the queries of its task.
            task: The id of the task.

        Returns:
            The problem, in words; empty if there is none.
        """
        if not requests:
            return ["nothing was sent"]
        create, *queries = requests
        method, path = self._spec.wire["endpoints"][self._spec.base(call.model)][call.call].split()
        problems = [
            *self._line_problems(create, method, path, task),
            *self._header_problems(create, call.call, call),
        ]
        problems += self._body_problems(create, call, body)
        method, path = self._spec.wire["paths"]["query"].split()
        for query in queries:
            problems += self._line_problems(query, method, path, task)
            problems += self._header_problems(query, "query")
        return problems

    def _line_problems(self, request: Any, method: str, path: str, task: str) -> Iterator[str]:
        actual = f"{request.method} {request.url}"
        expected = f"{method} {self._base}{path}".replace("{task_id}", task)
        if actual != expected:
            yield f"{safe_repr(actual)} was sent, expected {expected}"

    def _header_problems(self, request: Any, call: str, verb_call: VerbCall | None = None) -> Iterator[str]:
        """Yield missing and wrong headers of the table, and headers of the vendor that are not in it."""
        expected = dict(self._expected_headers(call, _schemes(verb_call)))
        for name, value in expected.items():
            actual = request.headers.get_list(name)
            if actual != [value]:
                yield f"header {name} is missing, repeated or has another value"
        names = {name.lower() for name in expected}
        for name in request.headers:
            if name.startswith(_VENDOR) and name not in names:
                yield f"header {name} is sent, but this call does not need it"

    def _expected_headers(self, call: str, schemes: set[str]) -> Iterator[tuple[str, str]]:
        for name, header in self._spec.wire["headers"].items():
            if header.get("optional") and not self._workspace:
                continue
            if call in header.get("call", ()) or schemes & set(header.get("schemes", ())):
                value = header["is"]
                for word, text in self._words.items():
                    value = value.replace(word, text)
                yield name, value

    def _body_problems(self, request: Any, call: VerbCall, body: Mapping[str, Any]) -> Iterator[str]:
        form = self._spec.form(call.family) if call.family else None
        assert form is not None and call.family is not None
        try:
            sent = json.loads(request.content)
        except ValueError:
            yield "the body is not JSON"
            return
        where = difference(
            reorder_parts(form, sent), reorder_parts(form, with_defaults(call.family, call, body))
        )
        if where:
            yield f"the body differs {where}"


def _schemes(call: VerbCall | None) -> set[str]:
    images = call.all_images if call else ()
    return {image[: image.find(":")].lower() for image in images if isinstance(image, str)}


def with_defaults(family: Family, call: VerbCall, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body with the member that the client always adds: the number of pictures."""
    sent: dict[str, Any] = {**body, "parameters": {**call.default_sends, **body.get("parameters", {})}}
    parameters = sent["parameters"]
    mode_values = _mode_values(family, call)
    for name in dict.fromkeys(("n", _active_entry(family, family.count_of, mode_values))):
        field = family.field(name)
        parameters.setdefault(field.wire_name, _active_entry(family, field.default, mode_values))
    return sent


def _mode_values(family: Family, call: VerbCall) -> dict[str, Any]:
    """Return the values that modes read; null counts as absent."""
    parameters: dict[str, Any] = {**call.always_sends, **call.parameters}
    values: dict[str, Any] = {"model": call.model, "call": call.call}
    for field in family.fields:
        value = parameters.get(field.name)
        values[field.name] = field.default.get(None) if value is None else value
        values[given_key(field.name)] = value is not None
    return values | {"images": len(call.images)}


def _active_entry(
    family: Family, table: Mapping[Condition | None, Any], mode_values: Mapping[str, Any]
) -> Any:
    """Return the entry whose condition holds, else the one without a condition."""
    for condition, value in table.items():
        if condition and holds(family.modes, condition.mode, mode_values) is condition.wanted:
            return value
    return table[None]


def reorder_parts(node: Node, value: Any) -> Any:
    """Return a body with its parts in the order of the form; parts of one kind keep their order."""
    if node.form == "parts" and isinstance(value, list):
        order = {name: index for index, (name, _) in enumerate(node.parts)}
        return sorted(value, key=lambda part: min((order.get(name, len(order)) for name in part), default=0))
    if node.each and isinstance(value, list):
        return [reorder_parts(node.each, item) for item in value]
    if node.members and isinstance(value, dict):
        changed = copy(value)
        changed.update(
            (name, reorder_parts(inner, value[name])) for name, inner in node.members if name in value
        )
        return changed
    return value


def difference(sent: Any, expected: Any, path: str = "") -> str | None:
    """Return where and how two JSON values differ; None if they are equal. 1, 1.0 and true all differ."""
    if type(sent) is not type(expected):
        return f"at {path or '/'}: {safe_repr(sent)} was sent, expected {safe_repr(expected)}"
    if isinstance(expected, dict):
        if odd := sorted(set(sent) ^ set(expected)):
            return f"at {path}/{odd[0]}: is {'unexpected' if odd[0] in sent else 'missing'}"
        pairs = [(key, sent[key], expected[key]) for key in expected]
    elif isinstance(expected, list):
        if len(sent) != len(expected):
            return f"at {path}: {len(sent)} items were sent, expected {len(expected)}"
        pairs = [(index, *both) for index, both in enumerate(zip(sent, expected, strict=True))]
    else:
        return (
            None
            if sent == expected
            else f"at {path}: {safe_repr(sent)} was sent, expected {safe_repr(expected)}"
        )
    return next((mismatch for key, a, b in pairs if (mismatch := difference(a, b, f"{path}/{key}"))), None)
