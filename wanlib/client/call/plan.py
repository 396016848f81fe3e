"""`CallPlan`: a validated, completed and priced call, and the request for it."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from wanlib.base.api_tables import ApiTables, Model
from wanlib.base.identifiers import parse_rule_id
from wanlib.base.violation import Violation
from wanlib.client.call.arguments import (
    CallArguments,
    check_extra,
    collect_fields,
    fields_for_validation,
    get_model,
)
from wanlib.client.call.preflight import (
    check_allowed_rules,
    check_call_shape,
    raise_violations,
    refuse_images,
    warn_ignored,
)
from wanlib.client.http.messages import Request
from wanlib.client.images.image_source import ImageSource
from wanlib.client.images.json_body import encode_json_body
from wanlib.client.protocol.budget import Price, compute_price
from wanlib.client.protocol.settings import MIN_UPLOAD_RATE, RESPONSE_TIMEOUT, Settings


class CallPlan(NamedTuple):
    """A call that is ready to be sent.

    Attributes:
        verb: `edit`, `generate` or `stream`.
        call: `sync`, `async` or `stream`.
        model: The table of the model.
        fields: The fields in the form in which they are encoded, with an `ImageSource` for each local
            image.
        extra: Parameters that are newer than the spec.
        pictures: The maximum number of pictures that it can return.
        exact: Whether it returns exactly that many.
        price: The maximum cost; None if no price is documented.
        passed: Violations that do not prevent sending: ignored, unspecified or allowed.
        label: The caller's own name for the call, which is not sent; None for no label.
    """

    verb: str
    call: str
    model: Model
    fields: dict[str, Any]
    extra: Mapping[str, Any]
    pictures: int
    exact: bool
    price: Price | None
    passed: tuple[Violation, ...]
    label: str | None = None

    def __repr__(self) -> str:
        return f"<CallPlan {self.verb} {self.call} {self.model.name}>"

    @property
    def local_images(self) -> list[ImageSource]:
        """The local images, in the order of the body."""
        return [image for _, image in self._images() if isinstance(image, ImageSource)]

    @property
    def changes(self) -> tuple[str, ...]:
        """A description of each change that makes a local image fit."""
        return tuple(f"{image.name}: {image.fit.change}" for image in self.local_images if image.fit)

    def _images(self) -> list[tuple[str, Any]]:
        images = [(name, image) for name in self.model.images for image in self.fields.get(name, ())]
        return images + [
            (name, self.fields[name]) for name in self.model.single_images if name in self.fields
        ]

    def with_images(self, images: Sequence[str | ImageSource]) -> "CallPlan":
        """Return the same call with its local images replaced by these, in order."""
        remaining = iter(images)

        def put(image: Any) -> Any:
            return next(remaining) if isinstance(image, ImageSource) else image

        list_fields = [name for name in self.model.images if name in self.fields]
        placed = {name: [put(image) for image in self.fields[name]] for name in list_fields}
        single = {name: put(self.fields[name]) for name in self.model.single_images if name in self.fields}
        return self._replace(fields={**self.fields, **placed, **single})

    def body(self) -> dict[str, Any]:
        """Return the wire body, with an `ImageSource` for each local image."""
        body = self.model.code().encode(self.model.name, self.fields)
        if self.extra:
            rest = self.model.rest
            body[rest] = {**body.get(rest, {}), **self.extra}
        return body

    def request(self, api: ApiTables, settings: Settings) -> Request:
        """Return the HTTP request; its images are read while it is sent."""
        method, path = self.model.endpoints[self.call]
        urls = [image for _, image in self._images() if isinstance(image, str)]
        schemes = {url[: url.find(":")].lower() for url in urls}  # slice first: a data URI may be long
        content = encode_json_body(self.body())
        size = len(content) if isinstance(content, bytes) else content.length
        duration = 0.0 if self.call == "async" else api.sync_timeout
        headers = settings.headers(api, self.call, schemes)
        return Request(
            method,
            settings.base_url + path,
            headers,
            content,
            duration + RESPONSE_TIMEOUT + size / MIN_UPLOAD_RATE,
        )


def plan_call(
    api: ApiTables,
    region: str,
    arguments: CallArguments,
    *,
    file_urls: bool,
    local: bool = False,
    now: float | None = None,
) -> CallPlan:
    """Validate and plan a call before anything is sent.

    Args:
        api: The tables of the API.
        region: The region of the key.
        arguments: What the caller passed.
        file_urls: Whether `file://` strings are read.
        local: Whether private image URLs are accepted, because the service runs on this machine or network.
        now: The time at which signatures are checked, in seconds since 1970; None means the real time.

    Raises:
        InvalidRequestError: With every violation that the service would reject or truncate.
        InvalidArgumentError: An image cannot be read, an option has a wrong type, or `extra` has a parameter
            of the model.
    """
    model = get_model(api, arguments.model)
    check_allowed_rules(api, arguments.allow)
    refuse_images(model, arguments)
    fields = collect_fields(model, arguments, file_urls)
    check_call_shape(api, model, region, arguments, fields)
    code = model.code()
    completion = code.complete(model.base, fields, arguments.call)
    completed = completion.fields
    if arguments.fit:
        from wanlib.client.images.fitting import plan_fits  # loaded only for calls with `fit`

        completed = plan_fits(model, completed, partial(_image_violations, model, arguments.call, local, now))
    violations = validate_fields(model, arguments, completed, local=local, now=now)
    warn_ignored(violations)
    return CallPlan(
        arguments.verb,
        arguments.call,
        model,
        completed,
        check_extra(model, arguments.extra),
        completion.pictures,
        completion.exact,
        compute_price(api, model, region, completion.pictures),
        tuple(violations),
    )


def validate_fields(
    model: Model, arguments: CallArguments, fields: Mapping[str, Any], *, local: bool, now: float | None
) -> list[Violation]:
    """Return the violations that do not prevent a call from being sent.

    Args:
        model: The model.
        arguments: What the caller passed.
        fields: The fields, with an `ImageSource` for each local image.
        local: As for `plan_call`.
        now: As for `plan_call`.

    Raises:
        InvalidRequestError: The other violations.
    """
    judged = fields_for_validation(model, fields)
    violations = model.code().check_fields(model.base, judged, arguments.call, local, now)
    raise_violations(model, arguments, violations)
    return violations


def _image_violations(
    model: Model, call: str, local: bool, now: float | None, field: str, fields: Mapping[str, Any]
) -> list[Violation]:
    """Return the refused violations of the only image in a field."""
    violations = model.code().check_fields(model.base, fields, call, local, now)
    own = (field, f"{field}.each")
    return [wrong for wrong in violations if wrong.is_refused and parse_rule_id(wrong.rule).path in own]
