"""The service that a crowd calls: limits on rate, and faults of every kind."""

from collections import defaultdict
from collections.abc import Sequence

from wan_conformance.lifecycle.simulation.clock import SimulatedClock
from wanlib.boundary.images import encode_image
from wanlib.emulator import Emulator, Fault, Request, Response, Settings
from wanlib.emulator.jobs.rendering import RenderSpec

QUESTIONS = ("query", "list", "cancel")
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
    Fault("doubled"),
    Fault("status", word="HIBERNATING"),
    Fault("again", on=QUESTIONS),  # a create that a proxy sends twice is paid twice, whatever the client does
    Fault("error", code="PostpaidBillOverdue", on=("async",)),
    Fault("fail", code="DataInspectionFailed", on=("async",)),
    Fault("partial", code="InternalError", on=("async",)),
)
"""All kinds of the emulator's but `short`, which is for streams."""
RATE = 0.03
"""The share of requests that meet one of them."""
_PICTURE = Response(200, (("content-type", "image/png"),), (encode_image("png", 8, 8),))


class ThrottledService(Emulator):
    """times: of each call, when it was asked for. All pictures are one: to draw them would take longest."""

    def __init__(self, time: SimulatedClock) -> None:
        settings = Settings(waiting=1.0, working=3.0, quotas=True, fault_rate=RATE, faults=FAULTS)
        super().__init__(clock=time, settings=settings)
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self._time = time

    def handle(self, request: Request) -> Response:
        """The answer of the emulator."""
        response = super().handle(request)
        self.times[self.history[-1].call].append(self._time.at)
        return response

    def _whole(self, found: Response | RenderSpec) -> Response:
        return found if isinstance(found, Response) else _PICTURE


def max_per_second(times: Sequence[float]) -> int:
    """The most in any second; times: in order."""
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= 1 - 1e-6:
            first += 1
        most = max(most, last - first + 1)
    return most
