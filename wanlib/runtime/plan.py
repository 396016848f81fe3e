"""A call before it is sent: judged, completed, priced; and the request that it becomes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wanlib.base.violation import Violation
from wanlib.runtime.asked import Ask, extra_of, facts_of, fields_of, find_model
from wanlib.runtime.body import json_body
from wanlib.runtime.exchange import Request
from wanlib.runtime.price import Price, price_of
from wanlib.runtime.refusing import refuse_broken, refuse_form, refuse_images, warn_of
from wanlib.runtime.settings import ANSWER, LEAST_RATE, Settings
from wanlib.runtime.source import Source
from wanlib.runtime.tables import Api, Model


class Plan(NamedTuple):
    """A call that may be sent.

    fields: as they are encoded; an image in hand stands as its Source. pictures: the most that it can
    yield. exact: whether it yields so many. price: the most that it can cost, None where no page says.
    passed: violations that are sent all the same: ignored, unspecified or allowed.
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

    @property
    def sources(self) -> list[Source]:
        """The images in hand, in the order of the body."""
        return [each for _, each in self._images() if isinstance(each, Source)]

    def _images(self) -> list[tuple[str, Any]]:
        found = [(name, each) for name in self.model.images for each in self.fields.get(name, ())]
        return found + [(name, self.fields[name]) for name in self.model.lone_images if name in self.fields]

    def with_images(self, urls: Sequence[str]) -> "Plan":
        """The same call with these URLs in place of its sources, in their order."""
        left = iter(urls)

        def put(each: Any) -> Any:
            return next(left) if isinstance(each, Source) else each

        named = [name for name in self.model.images if name in self.fields]
        placed = {name: [put(each) for each in self.fields[name]] for name in named}
        lone = {name: put(self.fields[name]) for name in self.model.lone_images if name in self.fields}
        return self._replace(fields={**self.fields, **placed, **lone})

    def body(self) -> dict[str, Any]:
        """The wire body, a Source standing for each image in hand."""
        body = self.model.code().encode(self.model.name, self.fields)
        if self.extra:
            rest = self.model.rest
            body[rest] = {**body.get(rest, {}), **self.extra}
        return body

    def request(self, api: Api, settings: Settings) -> Request:
        """The HTTP request, its images read as they are sent."""
        method, path = self.model.endpoints[self.call]
        urls = [each for _, each in self._images() if isinstance(each, str)]
        schemes = {url[: url.find(":")].lower() for url in urls}  # a slice: a data URI may be long
        content = json_body(self.body())
        size = len(content) if isinstance(content, bytes) else content.length
        work = 0.0 if self.call == "async" else api.sync_timeout
        headers = settings.headers(api, self.call, schemes)
        return Request(method, settings.base + path, headers, content, work + ANSWER + size / LEAST_RATE)


def make_plan(
    api: Api, region: str, ask: Ask, *, file_urls: bool, local: bool = False, now: float | None = None
) -> Plan:
    """Judges a call before anything is sent.

    Raises InvalidRequest with every broken rule that the service would reject or that would truncate;
    warns IgnoredParameter of what would be without effect. Raises InvalidArgumentError for an image that
    can't be read, for `extra` that has a place of its own, for options of a wrong type.
    """
    model = find_model(api, ask.model)
    refuse_images(model, ask)
    fields = fields_of(model, ask, file_urls)
    refuse_form(api, model, region, ask, fields)
    code = model.code()
    done = code.complete(model.base, fields, ask.call)
    violations = code.core(model.base, facts_of(model, done.fields), ask.call, local, now)
    refuse_broken(model, ask, violations)
    warn_of(violations)
    return Plan(
        ask.verb,
        ask.call,
        model,
        done.fields,
        extra_of(model, ask.extra),
        done.pictures,
        done.exact,
        price_of(api, model, region, done.pictures),
        tuple(violations),
    )
