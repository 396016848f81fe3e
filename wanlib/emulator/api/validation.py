"""Validate requests that create jobs: body, headers, path, the rules on fields, and uploaded files.

The rules are evaluated by `wanlib.spec.interpret`. This module checks the rest: the content type, the
header of asynchronous calls, the path of the model, and files to which the body refers by `oss://` URLs.
"""

import base64
import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, NamedTuple, NoReturn, TypedDict

from wanlib.base.identifiers import parse_rule_id
from wanlib.base.violation import REFUSED, Violation
from wanlib.emulator.api.uploads import UploadStorage
from wanlib.emulator.api.values import Values, decode_fields, iter_image_values
from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.http_messages import Request
from wanlib.emulator.core.routes import Route, Routes
from wanlib.emulator.core.vendor_errors import RequestRefusedError, VendorError
from wanlib.emulator.storage.store import Upload
from wanlib.spec import Condition, Field, Spec, interpret
from wanlib.spec.interpreter.decode import DecodedBody
from wanlib.validation.image_header import image_info_from_bytes

# Kinds of rules about the text of an image value: not applied to the data URI that replaces an upload.
_URL_RULE_KINDS = ("schemes", "chars", "encoding", "mime")


class UrlOptions(TypedDict):
    """How image URLs are judged.

    Attributes:
        local: Accept URLs that are not public.
        now: Seconds since 1970.
    """

    local: bool
    now: float


class ParsedBody(NamedTuple):
    """A decoded request body.

    Attributes:
        body: The JSON value.
        call: A call of `wire.yaml`.
        decoded: Its fields; None if it does not name a known model.
    """

    body: Any
    call: str
    decoded: DecodedBody | None


def parse_body(spec: Spec, body: Any, call: str) -> ParsedBody:
    """Decode the fields of a body by the form of its model."""
    model = body.get("model") if isinstance(body, dict) else None
    if model is None or spec.base(model) is None:
        return ParsedBody(body, call, None)
    return ParsedBody(body, call, decode_fields(spec, spec.family(model), body))


def validate_body(spec: Spec, parsed: ParsedBody, *, local: bool, now: float) -> tuple[Violation, ...]:
    """Return all violations in the body itself.

    Args:
        spec: The rules.
        parsed: The body.
        local: Accept image URLs that are not public.
        now: Seconds since 1970, by which signatures of URLs are judged.
    """
    return tuple(interpret(spec, parsed.body, parsed.call, parsed.decoded, local=local, now=now))


def validate_files(
    spec: Spec, parsed: ParsedBody, files: Mapping[str, bytes], *, local: bool, now: float
) -> tuple[Violation, ...]:
    """Return only the violations of the uploaded files to which a body refers.

    Args:
        spec: The rules.
        parsed: The body.
        files: The bytes of the uploads, by URL.
        local: Accept image URLs that are not public.
        now: Seconds since 1970.
    """
    resolved, paths = _inline_files(spec, parsed, files)
    violations = []
    for violation in interpret(spec, resolved, parsed.call, local=local, now=now):
        kind = parse_rule_id(violation.rule).kind
        if kind not in _URL_RULE_KINDS or violation.path not in paths:
            violations.append(violation)
    return tuple(violations)


def referenced_files(spec: Spec, parsed: ParsedBody, schemes: tuple[str, ...]) -> list[str]:
    """Return the image URLs of a body that have one of some schemes."""
    if parsed.decoded is None:
        return []
    decoded = parsed.decoded
    places = iter_image_values(spec.family(parsed.body["model"]), decoded)
    return [url for _, _, url in places if isinstance(url, str) and decoded.image(url).scheme in schemes]


def effective_values(spec: Spec, parsed: ParsedBody, violations: tuple[Violation, ...]) -> Values:
    """Return the effective values of a body whose model is known."""
    assert parsed.decoded is not None
    model = parsed.body["model"]
    base = spec.base(model) or model
    return Values(spec.family(model), parsed.decoded, base, parsed.call, violations)


def _inline_files(spec: Spec, parsed: ParsedBody, files: Mapping[str, bytes]) -> tuple[Any, frozenset[str]]:
    """Replace URLs by data URIs of their files. Return the body and the paths of the replaced values."""
    assert parsed.decoded is not None
    resolved, paths = deepcopy(parsed.body), set()
    for field, path, url in iter_image_values(spec.family(parsed.body["model"]), parsed.decoded):
        if isinstance(url, str) and url in files:
            _replace_at(resolved, path, _as_data_uri(field, files[url]))
            paths.add(path)
    return resolved, frozenset(paths)


def _as_data_uri(field: Field, data: bytes) -> str:
    """Encode a file with a MIME type that its field accepts, so that only its content is judged."""
    image_format = image_info_from_bytes(data).format or ""
    mime = next((rule.limit.get(image_format) for rule in field.rules_of_kind("mime")), None) or "image/any"
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def _replace_at(value: Any, pointer: str, new: str) -> None:
    *steps, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    for step in steps:
        value = value[int(step)] if isinstance(value, list) else value[step]
    value[int(last) if isinstance(value, list) else last] = new


class ParsedRequest(NamedTuple):
    """A request as far as it is validated.

    Attributes:
        body: The decoded body.
        errors: Errors to respond with, in order of precedence.
        violations: The rules that headers and path violate.
        files: The uploads that the body names, by URL.
    """

    body: ParsedBody
    errors: list[VendorError]
    violations: list[Violation]
    files: dict[str, Upload]


class RequestValidator:
    """Validates requests. A readable body always passes, so that all violations can be listed."""

    def __init__(self, context: EmulatorContext, routes: Routes, uploads: UploadStorage) -> None:
        """Create the validator of one emulator."""
        self._context = context
        self._routes = routes
        self._uploads = uploads
        self._upload_headers = [
            (name, header["is"], tuple(header["schemes"]))
            for name, header in context.spec.wire["headers"].items()
            if "schemes" in header
        ]

    def validate(self, request: Request, route: Route) -> ParsedRequest:
        """Validate everything except the rules on fields.

        Raises:
            RequestRefusedError: The body is not JSON, or has another content type.
        """
        parsed = parse_body(self._context.spec, self._parse_json(request), route.call)
        errors, violations = self._check_async_header(request, route)
        errors += self._check_streaming(request, parsed, route)
        files = self._find_uploads(request, parsed, errors, violations)
        return ParsedRequest(parsed, errors, [*violations, *self._check_model_path(parsed, route)], files)

    def _parse_json(self, request: Request) -> Any:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        expected = self._context.spec.wire["headers"].get("Content-Type")
        if expected and content_type != expected["is"]:
            rule = "wire/headers.Content-Type"
            errors = self._context.vendor.lookup("bad_body")
            raise RequestRefusedError(
                errors, (Violation(rule, "rejected", "", expected["is"], content_type or None),)
            )
        try:
            return _DECODER.decode(request.body.decode(json.detect_encoding(request.body), "surrogatepass"))
        except (ValueError, RecursionError):
            raise self._context.refusal("bad_body") from None

    def _check_async_header(
        self, request: Request, route: Route
    ) -> tuple[list[VendorError], list[Violation]]:
        """Check that the asynchronous header matches the path, in both directions."""
        marker = self._routes.markers.get("async")
        marked = marker is not None and marker.matches(request)
        if marker is None or marked == (route.call == "async"):
            return [], []
        rule = self._context.spec.rules[f"wire/headers.{marker.name}"]
        limit, actual = (None, marker.value) if marked else (marker.value, None)
        errors = self._context.vendor.lookup("no_async" if marked else "needs_async")
        return [errors], [Violation(rule.id, rule.outcome, "", limit, actual)]

    def _find_uploads(
        self, request: Request, parsed: ParsedBody, errors: list[VendorError], violations: list[Violation]
    ) -> dict[str, Upload]:
        """Return the uploads that a body refers to and may use; add an error for each that it may not use."""
        files: dict[str, Upload] = {}
        for name, value, schemes in self._upload_headers:
            urls = referenced_files(self._context.spec, parsed, schemes)
            if urls and request.headers.get(name.lower(), "").strip().lower() != value:
                errors.append(self._context.vendor.lookup("unresolved"))
                violations.append(Violation(f"wire/headers.{name}", "rejected", "", value, None))
                continue
            for url in urls:
                upload = self._uploads.find_upload(url, parsed.body["model"])
                if upload:
                    files[url] = upload
                else:
                    errors.append(self._context.vendor.lookup("unresolved"))
        return files

    def _check_streaming(self, request: Request, parsed: ParsedBody, route: Route) -> list[VendorError]:
        """Return the error for a streamed call of a model without streams, whose rule is on the call."""
        marker, spec = self._routes.markers.get(route.call), self._context.spec
        if parsed.decoded is None or marker is None or not marker.matches(request) or route.call != "stream":
            return []
        model = parsed.body["model"]
        if route.call in spec.calls(model) and not self._lacks_mode(parsed):
            return []
        body = spec.form(spec.family(model))
        rest = next((name for name, node in body.members if node.form == "rest"), "")
        parameters = parsed.body.get(rest)
        if isinstance(parameters, dict) and parameters.get(route.call) is True:
            return []
        return [self._context.vendor.lookup("not_streamed", sse=marker.value, stream=str(False))]

    def _lacks_mode(self, parsed: ParsedBody) -> bool:
        """Return True if the call requires a mode that is known not to hold."""
        spec = self._context.spec
        rule = spec.family(parsed.body["model"]).call_rules.get(parsed.call)
        if rule is None or rule.outcome not in REFUSED:
            return False
        return effective_values(spec, parsed, ()).holds(Condition(rule.limit.mode, not rule.limit.wanted))

    def _check_model_path(self, parsed: ParsedBody, route: Route) -> tuple[Violation, ...]:
        """Check that the path belongs to the model; the interpreter does not see paths."""
        if parsed.decoded is None:
            return ()
        endpoints = self._context.spec.wire["endpoints"][self._context.spec.base(parsed.body["model"])]
        endpoint: str = endpoints.get(route.call, "")
        if not endpoint or endpoint.rstrip("/").endswith(f" {route.path}"):
            return ()
        return (Violation("wire/endpoints", "rejected", "/model", tuple(endpoints), route.call),)


def _reject_nan(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_reject_nan)  # json.loads would build a decoder for each body
