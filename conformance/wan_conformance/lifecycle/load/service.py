"""The service of a load test: rate limits, and a fault of every kind in a share of the requests."""

from collections import defaultdict
from collections.abc import Sequence

from wan_conformance.lifecycle.simulation.clock import SimulatedClock
from wanlib.boundary.images import encode_image
from wanlib.emulator import Emulator, Fault, Request, Response, Settings
from wanlib.emulator.jobs.rendering import RenderSpec

RATE_LIMITED_CALLS = ("query", "list", "cancel")
FAULTS = (
    Fault("error", code="Throttling.RateQuota", retry_after="2"),
    Fault("error", code="Throttling"),
    Fault("error", code="InternalError"),
    Fault("html"),
    Fault("html", status=504, done=True),
    Fault("inside", code="InternalError"),
    Fault("cut", where="unread"),
    Fault("cut", where="before"),
    Fault("cut", where="inside"),
    Fault("cut", where="after"),
    Fault("trickle"),
    Fault("slow", rate=100),
    Fault("silent", on=RATE_LIMITED_CALLS),
    Fault("silent", done=True, on=("async",)),
    Fault("other", on=("query",)),
    Fault("doubled"),
    Fault("status", word="HIBERNATING"),
    # Not on creates: one that a proxy repeats is paid twice, and no client can prevent it.
    Fault("again", on=RATE_LIMITED_CALLS),
    Fault("error", code="PostpaidBillOverdue", on=("async",)),
    Fault("fail", code="DataInspectionFailed", on=("async",)),
    Fault("partial", code="InternalError", on=("async",)),
)
"""All kinds of faults, except `short`, which is for streams; `repeated` and `surplus`, which have no effect
without connections; `neighbour`, after which no task may be adopted; and `reused`, which no client can detect
where the id is that of a lost call."""
FAULT_RATE = 0.03
"""The share of requests with a fault."""
_PICTURE = Response(200, (("content-type", "image/png"),), (encode_image("png", 8, 8),))


class ThrottledService(Emulator):
    """An emulator with quotas, faults, and one picture for all results.

    Rendering pictures would take most of the time.

    Attributes:
        times: The times of all requests by call, in seconds since the test began.
    """

    def __init__(self, clock: SimulatedClock) -> None:
        """Start a service."""
        settings = Settings(waiting=1.0, working=3.0, quotas=True, fault_rate=FAULT_RATE, faults=FAULTS)
        super().__init__(clock=clock, settings=settings)
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self._clock = clock

    def handle(self, request: Request) -> Response:
        """Answer a request, and record its time."""
        response = super().handle(request)
        self.times[self.history[-1].call].append(self._clock.at)
        return response

    def _render(self, content: Response | RenderSpec) -> Response:
        return content if isinstance(content, Response) else _PICTURE


def max_per_second(times: Sequence[float]) -> int:
    """Return the maximum number of times within one second; `times` are in order."""
    maximum = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= 1 - 1e-6:
            first += 1
        maximum = max(maximum, last - first + 1)
    return maximum
