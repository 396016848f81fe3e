"""What is looked at before the rules on fields are asked: the body's form, headers, path, uploaded files."""

import base64
import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, NamedTuple, NoReturn, TypedDict

from wanlib.base.rule_id import parse_rule_id
from wanlib.base.violation import Violation
from wanlib.emulator.api.uploads import UploadStorage
from wanlib.emulator.api.values import Values, decode_fields, iter_image_values
from wanlib.emulator.context import World
from wanlib.emulator.core.http_messages import Request
from wanlib.emulator.core.routes import Route, Routes
from wanlib.emulator.core.spilled_text import substitute
from wanlib.emulator.core.vendor_errors import Refused, VendorError
from wanlib.emulator.storage.store import Upload
from wanlib.spec import Field, Spec, interpret
from wanlib.spec.interpreter.decode import DecodedBody
from wanlib.validation.image_header import image_info_from_bytes

# What a body says of an image that it does not hold itself: a file in storage is not judged by it.
_TOLD = ("schemes", "chars", "encoding", "mime")


class Terms(TypedDict):
    """How image URLs are judged: whether they may be private, and the time in Unix seconds."""

    local: bool
    now: float


class ParsedBody(NamedTuple):
    """A body that has come in. reading: its fields, None where it names no known model."""

    body: Any
    call: str
    reading: DecodedBody | None


def parse_body(spec: Spec, body: Any, call: str) -> ParsedBody:
    """A body, read by the form of its model."""
    model = body.get("model") if isinstance(body, dict) else None
    if model is None or spec.base(model) is None:
        return ParsedBody(body, call, None)
    return ParsedBody(body, call, decode_fields(spec, spec.family(model), body))


def validate_body(spec: Spec, question: ParsedBody, *, local: bool, now: float) -> tuple[Violation, ...]:
    """Return all violations of a body, as far as the body shows them.

    Args:
        spec: the rules.
        question: the body.
        local: accept image URLs that are not public.
        now: Unix seconds, by which signatures of URLs are judged.
    """
    return tuple(interpret(spec, question.body, question.call, question.reading, local=local, now=now))


def validate_files(
    spec: Spec, question: ParsedBody, files: Mapping[str, bytes], *, local: bool, now: float
) -> tuple[Violation, ...]:
    """Return the violations by the uploaded files that a body names, and no others. files: by URL."""
    resolved, paths = _inline_files(spec, question, files)
    found = []
    for violation in interpret(spec, resolved, question.call, local=local, now=now):
        kind = parse_rule_id(violation.rule).kind
        if kind not in _TOLD or violation.path not in paths:
            found.append(violation)
    return tuple(found)


def referenced_files(spec: Spec, question: ParsedBody, schemes: tuple[str, ...]) -> list[str]:
    """The URLs of some schemes that stand where images are due."""
    if question.reading is None:
        return []
    reading = question.reading
    places = iter_image_values(spec.family(question.body["model"]), reading)
    return [url for _, _, url in places if isinstance(url, str) and reading.image(url).scheme in schemes]


def effective_values(spec: Spec, question: ParsedBody, violations: tuple[Violation, ...]) -> Values:
    """The effective values of a body whose model is known."""
    assert question.reading is not None
    model = question.body["model"]
    base = spec.base(model) or model
    return Values(spec.family(model), question.reading, base, question.call, violations)


def _inline_files(spec: Spec, question: ParsedBody, files: Mapping[str, bytes]) -> tuple[Any, frozenset[str]]:
    """The body with files for URLs, and where they stand."""
    assert question.reading is not None
    resolved, paths = deepcopy(question.body), set()
    for field, path, url in iter_image_values(spec.family(question.body["model"]), question.reading):
        if isinstance(url, str) and url in files:
            _replace_at(resolved, path, _as_data_uri(field, files[url]))
            paths.add(path)
    return resolved, frozenset(paths)


def _as_data_uri(field: Field, data: bytes) -> str:
    """A file by the name that its field has for what it is, so that only its content is judged."""
    format = image_info_from_bytes(data).format or ""
    mime = next((rule.limit.get(format) for rule in field.rules_of_kind("mime")), None) or "image/any"
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def _replace_at(value: Any, pointer: str, new: str) -> None:
    *steps, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    for step in steps:
        value = value[int(step)] if isinstance(value, list) else value[step]
    value[int(last) if isinstance(value, list) else last] = new


class ParsedRequest(NamedTuple):
    """A body in hand. told: what is to be answered instead, first things first. files: by their URLs."""

    question: ParsedBody
    told: list[VendorError]
    broken: list[Violation]
    files: dict[str, Upload]


class Gate:
    """Lets every readable body in, so that all that it breaks can be named."""

    def __init__(self, world: World, routes: Routes, depot: UploadStorage) -> None:
        self._world = world
        self._routes = routes
        self._depot = depot
        self._resolving = [
            (name, header["is"], tuple(header["schemes"]))
            for name, header in world.spec.wire["headers"].items()
            if "schemes" in header
        ]

    def validate(self, request: Request, route: Route) -> ParsedRequest:
        """What a request brings. Refused where its body can't be read."""
        question = parse_body(self._world.spec, self._body(request), route.call)
        told, broken = self._check_async_header(request, route)
        told += self._not_streamed(request, question, route)
        files = self._files(request, question, told, broken)
        return ParsedRequest(question, told, [*broken, *self._check_model_path(question, route)], files)

    def _body(self, request: Request) -> Any:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        due = self._world.spec.wire["headers"].get("Content-Type")
        if due and content_type != due["is"]:
            rule = "wire/headers.Content-Type"
            told = self._world.vendor.lookup("bad_body")
            raise Refused(told, (Violation(rule, "rejected", "", due["is"], content_type or None),))
        try:
            body = _DECODER.decode(request.body.decode(json.detect_encoding(request.body), "surrogatepass"))
        except (ValueError, RecursionError):
            raise self._world.refusal("bad_body") from None
        return substitute(body, request.long_texts) if request.long_texts else body

    def _check_async_header(
        self, request: Request, route: Route
    ) -> tuple[list[VendorError], list[Violation]]:
        """A mismatch of path and asynchronous header, either way."""
        marker = self._routes.markers.get("async")
        marked = marker is not None and marker.matches(request)
        if marker is None or marked == (route.call == "async"):
            return [], []
        rule = self._world.spec.rules[f"wire/headers.{marker.name}"]
        limit, met = (None, marker.value) if marked else (marker.value, None)
        told = self._world.vendor.lookup("no_async" if marked else "needs_async")
        return [told], [Violation(rule.id, rule.outcome, "", limit, met)]

    def _files(
        self, request: Request, question: ParsedBody, told: list[VendorError], broken: list[Violation]
    ) -> dict[str, Upload]:
        """The uploads that a body names and may use; what it may not use goes to `told`."""
        files: dict[str, Upload] = {}
        for name, value, schemes in self._resolving:
            urls = referenced_files(self._world.spec, question, schemes)
            if urls and request.headers.get(name.lower(), "").strip().lower() != value:
                told.append(self._world.vendor.lookup("unresolved"))
                broken.append(Violation(f"wire/headers.{name}", "rejected", "", value, None))
                continue
            for url in urls:
                upload = self._depot.find_upload(url, question.body["model"])
                if upload:
                    files[url] = upload
                else:
                    told.append(self._world.vendor.lookup("unresolved"))
        return files

    def _not_streamed(self, request: Request, question: ParsedBody, route: Route) -> list[VendorError]:
        """Word the refusal of a streamed call on a model that has none; the rule is that on endpoints."""
        marker, spec = self._routes.markers.get(route.call), self._world.spec
        if (
            question.reading is None
            or marker is None
            or not marker.matches(request)
            or route.call != "stream"
        ):
            return []
        if route.call in spec.calls(question.body["model"]):
            return []
        body = spec.bodies[spec.family(question.body["model"]).body]
        rest = next((name for name, node in body.members if node.form == "rest"), "")
        parameters = question.body.get(rest)
        if isinstance(parameters, dict) and parameters.get(route.call) is True:
            return []
        return [self._world.vendor.lookup("not_streamed", sse=marker.value, stream=str(False))]

    def _check_model_path(self, question: ParsedBody, route: Route) -> tuple[Violation, ...]:
        """The right call on another model's path; the interpreter knows no paths."""
        if question.reading is None:
            return ()
        endpoints = self._world.spec.wire["endpoints"][self._world.spec.base(question.body["model"])]
        endpoint: str = endpoints.get(route.call, "")
        if not endpoint or endpoint.rstrip("/").endswith(f" {route.path}"):
            return ()
        return (Violation("wire/endpoints", "rejected", "/model", tuple(endpoints), route.call),)


def _reject_nan(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_reject_nan)  # json.loads would build one for every body
