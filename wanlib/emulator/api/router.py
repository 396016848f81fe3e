"""Dispatch each request to its handler, and turn refusals into error responses."""

from urllib.parse import parse_qsl

from wanlib.base.redaction import safe_repr
from wanlib.emulator.api.auth import Authenticator
from wanlib.emulator.api.create import CreateHandler
from wanlib.emulator.api.response_bodies import Body, Link, ResponseBodies
from wanlib.emulator.api.response_builder import ResponseBuilder
from wanlib.emulator.api.results import ResultStorage, picture_response
from wanlib.emulator.api.tasks import TaskService
from wanlib.emulator.api.uploads import UploadRejectedError, UploadStorage
from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.fault import Fault
from wanlib.emulator.core.http_messages import Request, Response
from wanlib.emulator.core.routes import RESULT, STORE, Route, Routes
from wanlib.emulator.core.vendor_errors import RequestRefusedError, VendorError
from wanlib.emulator.jobs.rendering import RenderSpec, render_png

_PNG = "image/png"
_NOWHERE = "http://localhost"


class Router:
    """Handles all calls of one emulator.

    Attributes:
        routes: The paths of the spec.
        tasks: Existing tasks.
        results: The URLs of pictures.
    """

    def __init__(self, context: EmulatorContext, seed: str) -> None:
        """Create all handlers.

        Args:
            context: The emulator.
            seed: Signs the URLs of results.
        """
        self._context = context
        self.routes = Routes(context.spec)
        self._responses = ResponseBuilder(context)
        self._names = context.vendor.names
        self._bodies = ResponseBodies(context.spec, context.settings, context.lifecycle, context.vendor.names)
        self._auth = Authenticator(context)
        self._uploads = UploadStorage(context)
        self._create_handler = CreateHandler(context, self.routes, self._uploads)
        self.tasks = TaskService(context, self._bodies)
        self.results = ResultStorage(context, seed)

    def dispatch(self, request: Request, route: Route | None, fault: Fault | None) -> Response | RenderSpec:
        """Carry out a request.

        Args:
            request: The request.
            route: Its route, None if there is none.
            fault: The fault to inject into its job, or None.

        Returns:
            The response; or what to render for it, so that rendering can happen outside of locks.
        """
        if route and route.call == RESULT:
            result = self.results.lookup(route.name, _query(request))
            return self._responses.storage_error(result) if isinstance(result, str) else result
        if route and route.call == STORE:
            return self._handle_upload(request)
        request_id = self._context.new_id()
        try:
            if route is None:
                raise self._context.refusal("no_route")
            self._auth.authenticate(request, route.call)
            if route.create_calls:
                return self._handle_create(request, route, request_id, fault)
            return self._responses.json_response(
                200, self._handle_shared(request, route, request_id), request_id
            )
        except RequestRefusedError as refused:
            return self._responses.error_response(refused.error, request_id, refused.violations)

    def purge_expired(self) -> None:
        """Delete jobs and uploads that can no longer be requested."""
        self.tasks.purge_expired()
        self._uploads.purge_expired()

    def refusal_response(self, error_key: str, **details: str) -> Response:
        """Build the error response of a row of `errors`."""
        return self._responses.error_response(
            self._context.vendor.lookup(error_key, **details), self._context.new_id()
        )

    def error_response(self, code: str, message: str, status: int) -> Response:
        """Build the vendor's error response.

        Args:
            code: The error code.
            message: "" for the usual one of the code.
            status: The HTTP status; 0 for the usual one of the code.
        """
        return self._responses.error_response(
            self._context.vendor.by_code(code, message), self._context.new_id(), status=status
        )

    def render_response(self, spec: RenderSpec) -> Response:
        """Render a picture and build its response."""
        return picture_response(render_png(spec), _PNG)

    def _handle_create(
        self, request: Request, route: Route, request_id: str, fault: Fault | None
    ) -> Response:
        """Respond with a task id immediately, or with the result after the duration of the job."""
        job, violations = self._create_handler.handle(request, route, request_id, fault)
        if job.is_task:
            return self._responses.json_response(
                200, self._bodies.task_created(job, request_id), request_id, violations
            )
        seconds, link = job.ended - job.submitted, self._result_url(request)
        if route.call == "stream" and job.image_count():
            events = self._bodies.stream_events(job, link, request_id)
            response = self._responses.stream_response(events, request_id, violations)
            return response._replace(pace=seconds / len(events))
        if route.call == "stream":
            response = self._responses.failed_stream_response(job.outcome, request_id, violations)
        elif job.image_count():
            body = self._bodies.sync_result(job, link, request_id)
            response = self._responses.json_response(200, body, request_id, violations)
        else:
            error = VendorError(job.outcome.code, job.outcome.message)
            response = self._responses.error_response(error, request_id, violations)
        return response._replace(delay=seconds)

    def _handle_shared(self, request: Request, route: Route, request_id: str) -> Body:
        """Handle the calls that all models share."""
        query = _query(request)
        model = query.get(self._names.policy_query.model, "") if route.call == "policy" else ""
        quotas, now = self._context.rate_limits, self._context.clock.wall()
        if quotas and not quotas.allow_call(route.call, now, model):
            raise self._context.refusal("too_many")
        if route.call == "query":
            return self.tasks.query(route.name, self._result_url(request), request_id)
        if route.call == "list":
            return self.tasks.list_tasks(query, request_id)
        if route.call == "cancel":
            self.tasks.cancel(route.name)
            return {self._names.answer.request_id: request_id}
        if route.call == "token":
            return self._auth.issue_token(query.get(self._names.token_query.seconds))
        return self._handle_policy(query, request, request_id)

    def _handle_policy(self, query: dict[str, str], request: Request, request_id: str) -> Body:
        names, parameters = self._names.policy_query, self._context.spec.wire["queries"]["policy"]
        allowed = {names.action: parameters[names.action]["one_of"], names.model: self._context.spec.models}
        for name, values in allowed.items():
            if query.get(name) not in values and not (
                name == names.model and self._is_model(query.get(name))
            ):
                detail = f"{name} is {safe_repr(query.get(name))}, expected one of {', '.join(values)}"
                raise self._context.refusal("bad_query", detail=detail)
        policy = self._uploads.create_policy(query[names.model], self._base_url(request))
        return {self._names.answer.request_id: request_id, self._names.policy.data: policy}

    def _is_model(self, name: str | None) -> bool:
        return self._context.spec.base(name) is not None

    def _handle_upload(self, request: Request) -> Response:
        try:
            self._uploads.store_upload(request)
        except UploadRejectedError as rejected:
            return self._responses.storage_error(rejected.error_key, rejected.detail)
        return Response(200, (), ())

    def _base_url(self, request: Request) -> str:
        return self._context.settings.origin or request.origin or _NOWHERE

    def _result_url(self, request: Request) -> Link:
        origin = self._base_url(request)
        return lambda job, index: self.results.url_for(job, index, origin)


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.target.partition("?")[2]))
