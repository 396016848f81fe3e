"""What is looked at before the rules on fields are asked: the body's form, headers, path, uploaded files."""

import json
from typing import Any, NamedTuple, NoReturn

from wanlib.base.violation import Violation
from wanlib.emulator.depot import Depot
from wanlib.emulator.exchange import Request
from wanlib.emulator.judging import Question, ask, named_files
from wanlib.emulator.long_text import put_back
from wanlib.emulator.routes import Route, Routes
from wanlib.emulator.store import Upload
from wanlib.emulator.vendor import Refused, Told
from wanlib.emulator.world import World


class Passed(NamedTuple):
    """A body in hand. told: what is to be answered instead, first things first. files: by their URLs."""

    question: Question
    told: list[Told]
    broken: list[Violation]
    files: dict[str, Upload]


class Gate:
    """Lets every readable body in, so that all that it breaks can be named."""

    def __init__(self, world: World, routes: Routes, depot: Depot) -> None:
        self._world = world
        self._routes = routes
        self._depot = depot
        self._resolving = [
            (name, header["is"], tuple(header["schemes"]))
            for name, header in world.spec.wire["headers"].items()
            if "schemes" in header
        ]

    def pass_in(self, request: Request, route: Route) -> Passed:
        """What a request brings. Refused where its body can't be read."""
        question = ask(self._world.spec, self._body(request), route.call)
        told, broken = self._told_by_headers(request, route)
        told += self._not_streamed(request, question, route)
        files = self._files(request, question, told, broken)
        return Passed(question, told, [*broken, *self._wrong_path(question, route)], files)

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
            raise self._world.refuse("bad_body") from None
        return put_back(body, request.long_texts) if request.long_texts else body

    def _told_by_headers(self, request: Request, route: Route) -> tuple[list[Told], list[Violation]]:
        """A mismatch of path and asynchronous header, either way."""
        marker = self._routes.markers.get("async")
        marked = marker is not None and marker.is_on(request)
        if marker is None or marked == (route.call == "async"):
            return [], []
        rule = self._world.spec.rules[f"wire/headers.{marker.name}"]
        limit, met = (None, marker.value) if marked else (marker.value, None)
        told = self._world.vendor.lookup("no_async" if marked else "needs_async")
        return [told], [Violation(rule.id, rule.outcome, "", limit, met)]

    def _files(
        self, request: Request, question: Question, told: list[Told], broken: list[Violation]
    ) -> dict[str, Upload]:
        """The uploads that a body names and may use; what it may not use goes to `told`."""
        files: dict[str, Upload] = {}
        for name, value, schemes in self._resolving:
            urls = named_files(self._world.spec, question, schemes)
            if urls and request.headers.get(name.lower(), "").strip().lower() != value:
                told.append(self._world.vendor.lookup("unresolved"))
                broken.append(Violation(f"wire/headers.{name}", "rejected", "", value, None))
                continue
            for url in urls:
                upload = self._depot.find(url, question.body["model"])
                if upload:
                    files[url] = upload
                else:
                    told.append(self._world.vendor.lookup("unresolved"))
        return files

    def _not_streamed(self, request: Request, question: Question, route: Route) -> list[Told]:
        """Word the refusal of a streamed call on a model that has none; the rule is that on endpoints."""
        marker, spec = self._routes.markers.get(route.call), self._world.spec
        if question.reading is None or marker is None or not marker.is_on(request) or route.call != "stream":
            return []
        if route.call in spec.calls(question.body["model"]):
            return []
        body = spec.bodies[spec.family(question.body["model"]).body]
        rest = next((name for name, node in body.members if node.form == "rest"), "")
        parameters = question.body.get(rest)
        if isinstance(parameters, dict) and parameters.get(route.call) is True:
            return []
        return [self._world.vendor.lookup("not_streamed", sse=marker.value, stream=str(False))]

    def _wrong_path(self, question: Question, route: Route) -> tuple[Violation, ...]:
        """The right call on another model's path; the interpreter knows no paths."""
        if question.reading is None:
            return ()
        endpoints = self._world.spec.wire["endpoints"][self._world.spec.base(question.body["model"])]
        endpoint: str = endpoints.get(route.call, "")
        if not endpoint or endpoint.rstrip("/").endswith(f" {route.path}"):
            return ()
        return (Violation("wire/endpoints", "rejected", "/model", tuple(endpoints), route.call),)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)  # json.loads would build one for every body
