"""Which call a request is, by method, path and the headers that tell calls on one path apart."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from wanlib.emulator.exchange import Request
from wanlib.emulator.vendor import Vendor
from wanlib.spec import Spec

_HOLE = "{task_id}"
STORE, RESULT = "store", "result"


class Route(NamedTuple):
    """call: of wire.yaml, or STORE, RESULT. path: below the base path.

    name: the task id, or the result's name. serves: the calls that this path has for any model, () where it
    creates nothing.
    """

    call: str
    path: str
    name: str = ""
    serves: tuple[str, ...] = ()


class Marker(NamedTuple):
    """The header that only one call has: it tells this call from others on its path."""

    name: str
    value: str


class Routes:
    """The paths of a spec."""

    def __init__(self, spec: Spec, vendor: Vendor) -> None:
        self._base: str = spec.wire["base_path"]
        self._creates: dict[tuple[str, str], list[str]] = {}
        for calls in spec.wire["endpoints"].values():
            for call, endpoint in calls.items():
                method, path = endpoint.split(" ")
                self._creates.setdefault((method, path.rstrip("/")), []).append(call)
        self._others = [(call, *endpoint.split(" ")) for call, endpoint in spec.wire["paths"].items()]
        self._results = vendor.paths["results"] + "/"
        self._storage = vendor.paths["storage"]
        self.markers: Mapping[str, Marker] = {
            header["call"][0]: Marker(name, header["is"])
            for name, header in spec.wire["headers"].items()
            if len(header.get("call", ())) == 1
        }

    def find(self, request: Request) -> Route | None:
        """The route, whatever the query and a slash at the end; None where no call is here."""
        path = request.target.partition("?")[0].rstrip("/")
        if request.method == "GET" and path.startswith(self._results):
            return Route(RESULT, path, path.removeprefix(self._results))
        if request.method == "POST" and path == self._storage:
            return Route(STORE, path)
        if not path.startswith(self._base + "/"):
            return None
        path = path.removeprefix(self._base)
        serves = self._creates.get((request.method, path))
        if serves:
            return Route(self._told_call(serves, request), path, serves=tuple(dict.fromkeys(serves)))
        return self._other(request.method, path)

    def marked(self, call: str, request: Request) -> bool:
        """Whether the request carries the header of a call."""
        marker = self.markers.get(call)
        return (
            marker is not None
            and marker.value == request.headers.get(marker.name.lower(), "").strip().lower()
        )

    def _told_call(self, serves: list[str], request: Request) -> str:
        """The call whose header is there, else the one that has no header, else the only one."""
        marked = [call for call in serves if self.marked(call, request)]
        plain = [call for call in serves if call not in self.markers]
        return (marked or plain or serves)[0]

    def _other(self, method: str, path: str) -> Route | None:
        for call, its_method, its_path in self._others:
            before, hole, after = its_path.partition(_HOLE)
            if method != its_method:
                continue
            if not hole and path == its_path.rstrip("/"):
                return Route(call, path)
            name = path[len(before) : len(path) - len(after)]
            if hole and path == before + name + after and name and "/" not in name:
                return Route(call, path, unquote(name))
        return None
