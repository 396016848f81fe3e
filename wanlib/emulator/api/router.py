"""Sends each request to the part that answers it."""

from urllib.parse import parse_qsl

from wanlib.base.redaction import safe_repr
from wanlib.emulator.api.auth import Keys
from wanlib.emulator.api.create import Desk
from wanlib.emulator.api.response_bodies import Body, Link, ResponseBodies
from wanlib.emulator.api.response_builder import ResponseBuilder
from wanlib.emulator.api.results import Gallery
from wanlib.emulator.api.tasks import TaskService
from wanlib.emulator.api.uploads import UploadRejected, UploadStorage
from wanlib.emulator.context import World
from wanlib.emulator.core.fault import Fault
from wanlib.emulator.core.http_messages import Request, Response
from wanlib.emulator.core.routes import RESULT, STORE, Route, Routes
from wanlib.emulator.core.vendor_errors import Refused, VendorError
from wanlib.emulator.jobs.rendering import RenderSpec, render_png

_PNG = (("content-type", "image/png"),)
_NOWHERE = "http://localhost"


class Front:
    """All calls of one world."""

    def __init__(self, world: World, seed: str) -> None:
        self._world = world
        self.routes = Routes(world.spec)
        self._paper = ResponseBuilder(world)
        self._names = world.vendor.names
        self._answers = ResponseBodies(world.spec, world.settings, world.life, world.vendor.names)
        self._keys = Keys(world)
        self._depot = UploadStorage(world)
        self._desk = Desk(world, self.routes, self._depot)
        self.bureau = TaskService(world, self._answers)
        self.gallery = Gallery(world, seed)

    def dispatch(self, request: Request, route: Route | None, fault: Fault | None) -> Response | RenderSpec:
        """Carries a request out. A Sheet is a picture that is still to be drawn."""
        if route and route.call == RESULT:
            found = self.gallery.lookup(route.name, _query(request))
            return self._paper.storage_error(found) if isinstance(found, str) else found
        if route and route.call == STORE:
            return self._handle_upload(request)
        request_id = self._world.new_id()
        try:
            if route is None:
                raise self._world.refusal("no_route")
            self._keys.authenticate(request, route.call)
            if route.serves:
                return self._handle_create(request, route, request_id, fault)
            return self._paper.json_response(200, self._handle_shared(request, route, request_id), request_id)
        except Refused as refused:
            return self._paper.error_response(refused.told, request_id, refused.violations)

    def sweep(self) -> None:
        """Forgets what nobody can ask for any more."""
        self.bureau.purge_expired()
        self._depot.purge_expired()

    def refusal_response(self, error_key: str, **details: str) -> Response:
        """The error answer of a row of `errors`."""
        return self._paper.error_response(
            self._world.vendor.lookup(error_key, **details), self._world.new_id()
        )

    def error(self, code: str, message: str, status: int) -> Response:
        """The vendor's error body for a code; its own wording and status where they are "" and 0."""
        return self._paper.error_response(
            self._world.vendor.by_code(code, message), self._world.new_id(), status=status
        )

    def render_response(self, sheet: RenderSpec) -> Response:
        """A picture as an answer."""
        return Response(200, _PNG, (render_png(sheet),))

    def _handle_create(
        self, request: Request, route: Route, request_id: str, fault: Fault | None
    ) -> Response:
        """A task's id at once; of the other calls the result, after the time that the work takes."""
        work, violations = self._desk.handle(request, route, request_id, fault)
        if work.task:
            return self._paper.json_response(
                200, self._answers.task_created(work, request_id), request_id, violations
            )
        took, link = work.ended - work.submitted, self._result_url(request)
        if route.call == "stream" and work.image_count():
            events = self._answers.stream_events(work, link, request_id)
            response = self._paper.stream_response(events, request_id, violations)
            return response._replace(pace=took / len(events))
        if route.call == "stream":
            response = self._paper.failed_stream_response(work.fate, request_id, violations)
        elif work.image_count():
            body = self._answers.sync_result(work, link, request_id)
            response = self._paper.json_response(200, body, request_id, violations)
        else:
            told = VendorError(work.fate.code, work.fate.message)
            response = self._paper.error_response(told, request_id, violations)
        return response._replace(delay=took)

    def _handle_shared(self, request: Request, route: Route, request_id: str) -> Body:
        """The calls that every model shares."""
        query = _query(request)
        model = query.get(self._names.policy_query.model, "") if route.call == "policy" else ""
        quotas, now = self._world.quotas, self._world.clock.wall()
        if quotas and not quotas.allow_call(route.call, now, model):
            raise self._world.refusal("too_many")
        if route.call == "query":
            return self.bureau.query(route.name, self._result_url(request), request_id)
        if route.call == "list":
            return self.bureau.list(query, request_id)
        if route.call == "cancel":
            self.bureau.cancel(route.name)
            return {self._names.answer.request_id: request_id}
        if route.call == "token":
            return self._keys.issue_token(query.get(self._names.token_query.seconds))
        return self._handle_policy(query, request, request_id)

    def _handle_policy(self, query: dict[str, str], request: Request, request_id: str) -> Body:
        names, how = self._names.policy_query, self._world.spec.wire["queries"]["policy"]
        allowed = {names.action: how[names.action]["one_of"], names.model: self._world.spec.models}
        for name, due in allowed.items():
            if query.get(name) not in due and not (name == names.model and self._is_model(query.get(name))):
                detail = f"{name} is {safe_repr(query.get(name))}, expected one of {', '.join(due)}"
                raise self._world.refusal("bad_query", detail=detail)
        policy = self._depot.create_policy(query[names.model], self._base_url(request))
        return {self._names.answer.request_id: request_id, self._names.policy.data: policy}

    def _is_model(self, name: str | None) -> bool:
        return self._world.spec.base(name) is not None

    def _handle_upload(self, request: Request) -> Response:
        try:
            self._depot.store_upload(request)
        except UploadRejected as denied:
            return self._paper.storage_error(denied.situation, denied.what)
        return Response(200, (), ())

    def _base_url(self, request: Request) -> str:
        return self._world.settings.origin or request.origin or _NOWHERE

    def _result_url(self, request: Request) -> Link:
        origin = self._base_url(request)
        return lambda work, index: self.gallery.url_for(work, index, origin)


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.target.partition("?")[2]))
