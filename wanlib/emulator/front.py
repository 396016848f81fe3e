"""Sends each request to the part that answers it."""

from urllib.parse import parse_qsl

from wanlib.base.shown import shown
from wanlib.emulator.answers import Answers, Body, Link
from wanlib.emulator.bureau import Bureau
from wanlib.emulator.depot import Denied, Depot
from wanlib.emulator.desk import Desk
from wanlib.emulator.drawing import Sheet, draw
from wanlib.emulator.exchange import Request, Response
from wanlib.emulator.fault import Fault
from wanlib.emulator.gallery import Gallery
from wanlib.emulator.keys import Keys
from wanlib.emulator.paper import Paper
from wanlib.emulator.routes import RESULT, STORE, Route, Routes
from wanlib.emulator.vendor import Refused, Told
from wanlib.emulator.world import World

_PNG = (("content-type", "image/png"),)
_NOWHERE = "http://localhost"


class Front:
    """All calls of one world."""

    def __init__(self, world: World, seed: str) -> None:
        self._world = world
        self.routes = Routes(world.spec)
        self._paper = Paper(world)
        self._names = world.vendor.names
        self._answers = Answers(world.spec, world.settings, world.life, world.vendor.names)
        self._keys = Keys(world)
        self._depot = Depot(world)
        self._desk = Desk(world, self.routes, self._depot)
        self.bureau = Bureau(world, self._answers)
        self.gallery = Gallery(world, seed)

    def act(self, request: Request, route: Route | None, fault: Fault | None) -> Response | Sheet:
        """Carries a request out. A Sheet is a picture that is still to be drawn."""
        if route and route.call == RESULT:
            found = self.gallery.find(route.name, _query(request))
            return self._paper.storage(found) if isinstance(found, str) else found
        if route and route.call == STORE:
            return self._store(request)
        request_id = self._world.new_id()
        try:
            if route is None:
                raise self._world.refuse("no_route")
            self._keys.check(request, route.call)
            if route.serves:
                return self._create(request, route, request_id, fault)
            return self._paper.json(200, self._other(request, route, request_id), request_id)
        except Refused as refused:
            return self._paper.error(refused.told, request_id, refused.violations)

    def sweep(self) -> None:
        """Forgets what nobody can ask for any more."""
        self.bureau.sweep()
        self._depot.sweep()

    def refused(self, error_key: str, **details: str) -> Response:
        """The error answer of a row of `errors`."""
        return self._paper.error(self._world.vendor.lookup(error_key, **details), self._world.new_id())

    def error(self, code: str, message: str, status: int) -> Response:
        """The vendor's error body for a code; its own wording and status where they are "" and 0."""
        return self._paper.error(
            self._world.vendor.of_code(code, message), self._world.new_id(), status=status
        )

    def drawn(self, sheet: Sheet) -> Response:
        """A picture as an answer."""
        return Response(200, _PNG, (draw(sheet),))

    def _create(self, request: Request, route: Route, request_id: str, fault: Fault | None) -> Response:
        """A task's id at once; of the other calls the result, after the time that the work takes."""
        work, violations = self._desk.take(request, route, request_id, fault)
        if work.task:
            return self._paper.json(200, self._answers.created(work, request_id), request_id, violations)
        took, link = work.ended - work.submitted, self._link(request)
        if route.call == "stream" and work.made():
            events = self._answers.events(work, link, request_id)
            response = self._paper.stream(events, request_id, violations)
            return response._replace(pace=took / len(events))
        if route.call == "stream":
            response = self._paper.broken_stream(work.fate, request_id, violations)
        elif work.made():
            body = self._answers.result(work, link, request_id)
            response = self._paper.json(200, body, request_id, violations)
        else:
            told = Told(work.fate.code, work.fate.message)
            response = self._paper.error(told, request_id, violations)
        return response._replace(delay=took)

    def _other(self, request: Request, route: Route, request_id: str) -> Body:
        """The calls that every model shares."""
        query = _query(request)
        model = query.get(self._names.policy_query.model, "") if route.call == "policy" else ""
        quotas, now = self._world.quotas, self._world.clock.wall()
        if quotas and not quotas.call(route.call, now, model):
            raise self._world.refuse("too_many")
        if route.call == "query":
            return self.bureau.query(route.name, self._link(request), request_id)
        if route.call == "list":
            return self.bureau.list(query, request_id)
        if route.call == "cancel":
            self.bureau.cancel(route.name)
            return {self._names.answer.request_id: request_id}
        if route.call == "token":
            return self._keys.lend(query.get(self._names.token_query.seconds))
        return self._policy(query, request, request_id)

    def _policy(self, query: dict[str, str], request: Request, request_id: str) -> Body:
        names, how = self._names.policy_query, self._world.spec.wire["queries"]["policy"]
        allowed = {names.action: how[names.action]["one_of"], names.model: self._world.spec.models}
        for name, due in allowed.items():
            if query.get(name) not in due and not (name == names.model and self._is_model(query.get(name))):
                detail = f"{name} is {shown(query.get(name))}, expected one of {', '.join(due)}"
                raise self._world.refuse("bad_query", detail=detail)
        policy = self._depot.policy(query[names.model], self._origin(request))
        return {self._names.answer.request_id: request_id, self._names.policy.data: policy}

    def _is_model(self, name: str | None) -> bool:
        return self._world.spec.base(name) is not None

    def _store(self, request: Request) -> Response:
        try:
            self._depot.take(request)
        except Denied as denied:
            return self._paper.storage(denied.situation, denied.what)
        return Response(200, (), ())

    def _origin(self, request: Request) -> str:
        return self._world.settings.origin or request.origin or _NOWHERE

    def _link(self, request: Request) -> Link:
        origin = self._origin(request)
        return lambda work, index: self.gallery.link(work, index, origin)


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.target.partition("?")[2]))
