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
from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.http_messages import Request
from wanlib.emulator.core.routes import Route, Routes
from wanlib.emulator.core.vendor_errors import RequestRefused, VendorError
from wanlib.emulator.storage.store import Upload
from wanlib.spec import Field, Spec, interpret
from wanlib.spec.interpreter.decode import DecodedBody
from wanlib.validation.image_header import image_info_from_bytes

# What a body says of an image that it does not hold itself: a file in storage is not judged by it.
_TOLD = ("schemes", "chars", "encoding", "mime")


class UrlOptions(TypedDict):
    """How image URLs are judged: whether they may be private, and the time in Unix seconds."""

    local: bool
    now: float


class ParsedBody(NamedTuple):
    """A body that has come in. reading: its fields, None where it names no known model."""

    body: Any
    call: str
    decoded: DecodedBody | None


def parse_body(spec: Spec, body: Any, call: str) -> ParsedBody:
    """A body, read by the form of its model."""
    model = body.get("model") if isinstance(body, dict) else None
    if model is None or spec.base(model) is None:
        return ParsedBody(body, call, None)
    return ParsedBody(body, call, decode_fields(spec, spec.family(model), body))


def validate_body(spec: Spec, parsed: ParsedBody, *, local: bool, now: float) -> tuple[Violation, ...]:
    """Return all violations of a body, as far as the body shows them.

    Args:
        spec: the rules.
        parsed: the body.
        local: accept image URLs that are not public.
        now: Unix seconds, by which signatures of URLs are judged.
    """
    return tuple(interpret(spec, parsed.body, parsed.call, parsed.decoded, local=local, now=now))


def validate_files(
    spec: Spec, parsed: ParsedBody, files: Mapping[str, bytes], *, local: bool, now: float
) -> tuple[Violation, ...]:
    """Return the violations by the uploaded files that a body names, and no others. files: by URL."""
    resolved, paths = _inline_files(spec, parsed, files)
    found = []
    for violation in interpret(spec, resolved, parsed.call, local=local, now=now):
        kind = parse_rule_id(violation.rule).kind
        if kind not in _TOLD or violation.path not in paths:
            found.append(violation)
    return tuple(found)


def referenced_files(spec: Spec, parsed: ParsedBody, schemes: tuple[str, ...]) -> list[str]:
    """The URLs of some schemes that stand where images are due."""
    if parsed.decoded is None:
        return []
    reading = parsed.decoded
    places = iter_image_values(spec.family(parsed.body["model"]), reading)
    return [url for _, _, url in places if isinstance(url, str) and reading.image(url).scheme in schemes]


def effective_values(spec: Spec, parsed: ParsedBody, violations: tuple[Violation, ...]) -> Values:
    """The effective values of a body whose model is known."""
    assert parsed.decoded is not None
    model = parsed.body["model"]
    base = spec.base(model) or model
    return Values(spec.family(model), parsed.decoded, base, parsed.call, violations)


def _inline_files(spec: Spec, parsed: ParsedBody, files: Mapping[str, bytes]) -> tuple[Any, frozenset[str]]:
    """The body with files for URLs, and where they stand."""
    assert parsed.decoded is not None
    resolved, paths = deepcopy(parsed.body), set()
    for field, path, url in iter_image_values(spec.family(parsed.body["model"]), parsed.decoded):
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

    body: ParsedBody
    errors: list[VendorError]
    violations: list[Violation]
    files: dict[str, Upload]


class RequestValidator:
    """Lets every readable body in, so that all that it breaks can be named."""

    def __init__(self, context: EmulatorContext, routes: Routes, uploads: UploadStorage) -> None:
        self._context = context
        self._routes = routes
        self._uploads = uploads
        self._upload_headers = [
            (name, header["is"], tuple(header["schemes"]))
            for name, header in context.spec.wire["headers"].items()
            if "schemes" in header
        ]

    def validate(self, request: Request, route: Route) -> ParsedRequest:
        """What a request brings. Refused where its body can't be read."""
        parsed = parse_body(self._context.spec, self._parse_json(request), route.call)
        told, broken = self._check_async_header(request, route)
        told += self._check_streaming(request, parsed, route)
        files = self._find_uploads(request, parsed, told, broken)
        return ParsedRequest(parsed, told, [*broken, *self._check_model_path(parsed, route)], files)

    def _parse_json(self, request: Request) -> Any:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        due = self._context.spec.wire["headers"].get("Content-Type")
        if due and content_type != due["is"]:
            rule = "wire/headers.Content-Type"
            told = self._context.vendor.lookup("bad_body")
            raise RequestRefused(told, (Violation(rule, "rejected", "", due["is"], content_type or None),))
        try:
            return _DECODER.decode(request.body.decode(json.detect_encoding(request.body), "surrogatepass"))
        except (ValueError, RecursionError):
            raise self._context.refusal("bad_body") from None

    def _check_async_header(
        self, request: Request, route: Route
    ) -> tuple[list[VendorError], list[Violation]]:
        """A mismatch of path and asynchronous header, either way."""
        marker = self._routes.markers.get("async")
        marked = marker is not None and marker.matches(request)
        if marker is None or marked == (route.call == "async"):
            return [], []
        rule = self._context.spec.rules[f"wire/headers.{marker.name}"]
        limit, met = (None, marker.value) if marked else (marker.value, None)
        told = self._context.vendor.lookup("no_async" if marked else "needs_async")
        return [told], [Violation(rule.id, rule.outcome, "", limit, met)]

    def _find_uploads(
        self, request: Request, parsed: ParsedBody, told: list[VendorError], broken: list[Violation]
    ) -> dict[str, Upload]:
        """The uploads that a body names and may use; what it may not use goes to `told`."""
        files: dict[str, Upload] = {}
        for name, value, schemes in self._upload_headers:
            urls = referenced_files(self._context.spec, parsed, schemes)
            if urls and request.headers.get(name.lower(), "").strip().lower() != value:
                told.append(self._context.vendor.lookup("unresolved"))
                broken.append(Violation(f"wire/headers.{name}", "rejected", "", value, None))
                continue
            for url in urls:
                upload = self._uploads.find_upload(url, parsed.body["model"])
                if upload:
                    files[url] = upload
                else:
                    told.append(self._context.vendor.lookup("unresolved"))
        return files

    def _check_streaming(self, request: Request, parsed: ParsedBody, route: Route) -> list[VendorError]:
        """Word the refusal of a streamed call on a model that has none; the rule is that on endpoints."""
        marker, spec = self._routes.markers.get(route.call), self._context.spec
        if parsed.decoded is None or marker is None or not marker.matches(request) or route.call != "stream":
            return []
        if route.call in spec.calls(parsed.body["model"]):
            return []
        body = spec.bodies[spec.family(parsed.body["model"]).body]
        rest = next((name for name, node in body.members if node.form == "rest"), "")
        parameters = parsed.body.get(rest)
        if isinstance(parameters, dict) and parameters.get(route.call) is True:
            return []
        return [self._context.vendor.lookup("not_streamed", sse=marker.value, stream=str(False))]

    def _check_model_path(self, parsed: ParsedBody, route: Route) -> tuple[Violation, ...]:
        """The right call on another model's path; the interpreter knows no paths."""
        if parsed.decoded is None:
            return ()
        endpoints = self._context.spec.wire["endpoints"][self._context.spec.base(parsed.body["model"])]
        endpoint: str = endpoints.get(route.call, "")
        if not endpoint or endpoint.rstrip("/").endswith(f" {route.path}"):
            return ()
        return (Violation("wire/endpoints", "rejected", "/model", tuple(endpoints), route.call),)


def _reject_nan(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_reject_nan)  # json.loads would build one for every body
