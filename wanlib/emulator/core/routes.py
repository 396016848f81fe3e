"""Map a request to a call by method, path, and the headers that distinguish calls on the same path."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from wanlib.emulator.core.http_messages import Request
from wanlib.spec import Spec

_TASK_ID = "{task_id}"
STORE, RESULT = "store", "result"
RESULTS, STORAGE = "/results", "/storage"
ADMIN, PAGE, PAGE_FILES = "/_/", "/", "/page/"
"""Paths outside the vendor's API: results, uploads, the control API, the page and its files."""


class Route(NamedTuple):
    """The call that a request makes.

    Attributes:
        call: A call of `wire.yaml`, or `STORE` or `RESULT`.
        path: The path below the base path.
        name: The task id, or the name of the result.
        create_calls: The calls that this path has for any model; () if it does not create jobs.
    """

    call: str
    path: str
    name: str = ""
    create_calls: tuple[str, ...] = ()


class HeaderMatch(NamedTuple):
    """A header that only one call has: it distinguishes this call from others on its path."""

    name: str
    value: str

    def matches(self, request: Request) -> bool:
        """Return True if a request has the header with this value."""
        value = request.headers.get(self.name.lower())
        return value is not None and value.strip().lower() == self.value


class _SharedPath(NamedTuple):
    """A path that creates jobs: routes of calls with a distinguishing header, and the default route."""

    marked: tuple[tuple[HeaderMatch, Route], ...]
    default: Route


class Routes:
    """The routes of a spec.

    Attributes:
        markers: The distinguishing header of a call, for the calls that have one.
    """

    def __init__(self, spec: Spec) -> None:
        """Build the routes of a spec."""
        self._base: str = spec.wire["base_path"]
        self.markers: Mapping[str, HeaderMatch] = {
            header["call"][0]: HeaderMatch(name, header["is"])
            for name, header in spec.wire["headers"].items()
            if len(header.get("call", ())) == 1
        }
        self._create_routes = {
            (method, self._base + path): self._shared_path(path, tuple(calls))
            for (method, path), calls in _create_endpoints(spec).items()
        }
        self._other_routes = [
            (call, *_split_path_template(endpoint)) for call, endpoint in spec.wire["paths"].items()
        ]

    def find(self, request: Request) -> Route | None:
        """Return the route of a request, None if there is none. Query and trailing slash are ignored."""
        path = request.target.partition("?")[0].rstrip("/")
        shared = self._create_routes.get((request.method, path))
        if shared:
            return next((route for marker, route in shared.marked if marker.matches(request)), shared.default)
        if path.startswith(self._base + "/"):
            return self._find_other(request.method, path.removeprefix(self._base))
        if request.method == "GET" and path.startswith(RESULTS + "/"):
            return Route(RESULT, path, path.removeprefix(RESULTS + "/"))
        if request.method == "POST" and path == STORAGE:
            return Route(STORE, path)
        return None

    def is_image_request(self, request: Request) -> bool:
        """Return True if the request is for a picture, which takes time to render."""
        return request.target.startswith(RESULTS + "/")

    def _shared_path(self, path: str, calls: tuple[str, ...]) -> _SharedPath:
        """Build the routes of one path; the default call is the one without a distinguishing header."""
        serves = tuple(dict.fromkeys(calls))
        routes = {call: Route(call, path, create_calls=serves) for call in serves}
        marked = tuple((self.markers[call], route) for call, route in routes.items() if call in self.markers)
        plain = next((call for call in serves if call not in self.markers), serves[0])
        return _SharedPath(marked, routes[plain])

    def _find_other(self, method: str, path: str) -> Route | None:
        for call, own_method, before, placeholder, after in self._other_routes:
            if method != own_method or not path.startswith(before):
                continue
            if not placeholder and path == before:
                return Route(call, path)
            name = path[len(before) : len(path) - len(after)]
            if placeholder and path == before + name + after and name and "/" not in name:
                return Route(call, path, unquote(name))
        return None


def _create_endpoints(spec: Spec) -> Mapping[tuple[str, str], list[str]]:
    """Return the calls by (method, path) that create jobs; a path of `sister_endpoints` has them all."""
    endpoints: dict[tuple[str, str], list[str]] = {}
    every: list[str] = []
    for calls in spec.wire["endpoints"].values():
        for call, endpoint in calls.items():
            method, path = endpoint.split(" ")
            endpoints.setdefault((method, path.rstrip("/")), []).append(call)
    for calls in list(endpoints.values()):
        every = list(dict.fromkeys((*every, *calls)))
    for endpoint in spec.wire.get("sister_endpoints", ()):
        method, path = endpoint["is"].split(" ")
        endpoints.setdefault((method, path.rstrip("/")), every)
    return endpoints


def _split_path_template(endpoint: str) -> tuple[str, str, str, str]:
    """Split an endpoint: method, path before the task id, placeholder of the id, rest."""
    method, path = endpoint.split(" ")
    before, placeholder, after = path.partition(_TASK_ID)
    return method, before if placeholder else before.rstrip("/"), placeholder, after
