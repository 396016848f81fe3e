"""The HTTP request that is due for a body, by `wire.yaml`, and how a request differs from it."""

import json
from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any

from wan_conformance.targets.client.fake_service import TASK
from wan_conformance.targets.client.verb_call import VerbCall
from wanlib.base.redaction import safe_repr
from wanlib.spec import Condition, Family, Node, Spec
from wanlib.spec.model.modes import holds

_VENDOR = "x-dashscope"


class ExpectedRequest:
    """What is due of a client with this key and workspace at this address."""

    def __init__(self, spec: Spec, base: str, key: str, workspace: str | None) -> None:
        self._spec = spec
        self._base = base
        self._words = {"{key}": key, "{workspace}": workspace or ""}
        self._workspace = workspace

    def problems(self, said: VerbCall, body: Any, requests: list[Any]) -> list[str]:
        """How the requests of a call differ from the one that makes it and the queries after it."""
        if not requests:
            return ["nothing was sent"]
        create, *queries = requests
        method, path = self._spec.wire["endpoints"][self._spec.base(said.model)][said.call].split()
        found = [*self._line_problems(create, method, path), *self._header_problems(create, said.call, said)]
        found += self._body_problems(create, said, body)
        for each in queries:
            found += self._line_problems(each, *self._spec.wire["paths"]["query"].split())
            found += self._header_problems(each, "query")
        return found

    def _line_problems(self, request: Any, method: str, path: str) -> Iterator[str]:
        met = f"{request.method} {request.url}"
        due = f"{method} {self._base}{path}".replace("{task_id}", TASK)
        if met != due:
            yield f"{safe_repr(met)} was sent, due is {due}"

    def _header_problems(self, request: Any, call: str, said: VerbCall | None = None) -> Iterator[str]:
        """All that the table asks for, each once; of the vendor's own names no others."""
        due = dict(self._expected_headers(call, _schemes(said)))
        for name, value in due.items():
            met = request.headers.get_list(name)
            if met != [value]:
                yield f"header {name} is {len(met)} times there or of another value"
        names = {name.lower() for name in due}
        for name in request.headers:
            if name.startswith(_VENDOR) and name not in names:
                yield f"header {name} is sent, which this call does not need"

    def _expected_headers(self, call: str, schemes: set[str]) -> Iterator[tuple[str, str]]:
        for name, told in self._spec.wire["headers"].items():
            if told.get("optional") and not self._workspace:
                continue
            if call in told.get("call", ()) or schemes & set(told.get("schemes", ())):
                value = told["is"]
                for word, text in self._words.items():
                    value = value.replace(word, text)
                yield name, value

    def _body_problems(self, request: Any, said: VerbCall, body: Mapping[str, Any]) -> Iterator[str]:
        form = self._spec.bodies[said.family.body] if said.family else None
        assert form is not None and said.family is not None
        try:
            sent = json.loads(request.content)
        except ValueError:
            yield "the body is no JSON"
            return
        where = difference(
            reorder_parts(form, sent), reorder_parts(form, with_defaults(said.family, said, body))
        )
        if where:
            yield f"the body differs {where}"


def _schemes(said: VerbCall | None) -> set[str]:
    images = said.all_images if said else ()
    return {each[: each.find(":")].lower() for each in images if isinstance(each, str)}


def with_defaults(family: Family, said: VerbCall, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with what the client always sends: the pictures asked for, where the caller told none."""
    sent: dict[str, Any] = {**body, "parameters": {**said.default_sends, **body.get("parameters", {})}}
    parameters = sent["parameters"]
    known = _mode_values(family, said)
    for name in dict.fromkeys(("n", _active_entry(family, family.count_of, known))):
        parameters.setdefault(name, _active_entry(family, family.field(name).default, known))
    return sent


def _mode_values(family: Family, said: VerbCall) -> dict[str, Any]:
    """What modes read; null counts as absent."""
    told: dict[str, Any] = {**said.always_sends, **said.parameters}
    known: dict[str, Any] = {"model": said.model, "call": said.call}
    for field in family.fields:
        value = told.get(field.name)
        known[field.name] = field.default.get(None) if value is None else value
    return known | {"images": len(said.images)}


def _active_entry(family: Family, table: Mapping[Condition | None, Any], known: Mapping[str, Any]) -> Any:
    """The entry whose condition holds, else the one without."""
    for condition, value in table.items():
        if condition and holds(family.modes, condition.mode, known) is condition.wanted:
            return value
    return table[None]


def reorder_parts(node: Node, value: Any) -> Any:
    """A body whose parts stand in the order of the form, each kind in an order of its own kept."""
    if node.form == "parts" and isinstance(value, list):
        order = {name: index for index, (name, _) in enumerate(node.parts)}
        return sorted(value, key=lambda part: min((order.get(name, len(order)) for name in part), default=0))
    if node.each and isinstance(value, list):
        return [reorder_parts(node.each, each) for each in value]
    if node.members and isinstance(value, dict):
        changed = copy(value)
        changed.update(
            (name, reorder_parts(inner, value[name])) for name, inner in node.members if name in value
        )
        return changed
    return value


def difference(sent: Any, due: Any, path: str = "") -> str | None:
    """Where two JSON values differ and how; None where they do not. 1, 1.0 and true are three values."""
    if type(sent) is not type(due):
        return f"at {path or '/'}: {safe_repr(sent)} was sent, due is {safe_repr(due)}"
    if isinstance(due, dict):
        if odd := sorted(set(sent) ^ set(due)):
            return f"at {path}/{odd[0]}: it is {'sent' if odd[0] in sent else 'missing'}"
        pairs = [(key, sent[key], due[key]) for key in due]
    elif isinstance(due, list):
        if len(sent) != len(due):
            return f"at {path}: {len(sent)} items were sent, due are {len(due)}"
        pairs = [(index, *both) for index, both in enumerate(zip(sent, due, strict=True))]
    else:
        return None if sent == due else f"at {path}: {safe_repr(sent)} was sent, due is {safe_repr(due)}"
    return next((met for key, a, b in pairs if (met := difference(a, b, f"{path}/{key}"))), None)
