"""A service in simulated time that does what an exploration or a seed decides, and keeps the true bill.

Each response has the documented form unless the decision is about its form. `tasks` is the truth: what the
service has really accepted and what it will bill, whatever it has answered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
from wan_conformance.targets.server.server import ServerResponse

PRICE = Decimal("0.20")
"""The price of a picture of the model that these tests probe, in the region that they state."""
PICTURES = 4
_IDS = {"request_id": "r"}
_FAILED = ServerResponse(500, _IDS | {"code": "InternalError", "message": "x"}, "", ())
_GATEWAY = ServerResponse(502, None, "<html>Bad Gateway</html>", ())
_REFUSED = ServerResponse(400, _IDS | {"code": "InvalidParameter", "message": "x"}, "", ())
_LIMITED = ServerResponse(429, _IDS | {"code": "Throttling.RateQuota", "message": "x"}, "", ())
_TOO_LATE = ServerResponse(400, _IDS | {"code": "UnsupportedOperation", "message": "x"}, "", ())


@dataclass
class SimulatedTask:
    """A task as it really is.

    Attributes:
        status: Its status.
        pictures: The number of pictures that it bills if it succeeds.
        maker: The process whose request made it.
    """

    status: str
    pictures: int
    maker: str

    @property
    def bill(self) -> Decimal:
        """Its cost, or its possible cost."""
        return Decimal(0) if self.status in ("CANCELED", "FAILED") else PRICE * self.pictures


class SimulatedService:
    """A service as a sender sees it.

    Attributes:
        decide: Returns what happens in an exchange, by its name: create, cancel, query or list. An empty text
            is the ordinary course.
        maker: The process that makes the present request.
        tasks: The truth, by task id.
        sync_bills: The bills of synchronous calls, by maker.
    """

    def __init__(self, decide: Callable[[str], str], sleep: Callable[[float], object]) -> None:
        self.decide = decide
        self.sleep = sleep
        self.maker = ""
        self.responses: list[ServerResponse] = []
        self.tasks: dict[str, SimulatedTask] = {}
        self.creates: dict[str, int] = {}

    def true_bill(self, maker: str) -> Decimal:
        """Return what the requests of a process have cost, or can still cost."""
        return sum((task.bill for task in self.tasks.values() if task.maker == maker), Decimal(0))

    def create(self, body: Any, raw: bytes, call: str) -> ServerResponse:
        choice = self.decide("create")
        if choice == "not sent":
            raise httpx.ConnectError("refused")
        if choice in ("refused", "limited", "failed"):
            return {"refused": _REFUSED, "limited": _LIMITED, "failed": _FAILED}[choice]
        if choice == "lost":
            raise httpx.ReadTimeout("lost")
        earlier = next((name for name, task in self.tasks.items() if task.maker == self.maker), None)
        number = self.creates[self.maker] = self.creates.get(self.maker, 0) + 1
        task_id = f"{self.maker}-{number}"
        self.tasks[task_id] = SimulatedTask("PENDING", PICTURES, self.maker)
        if choice == "accepted, lost":
            raise httpx.ReadTimeout("lost")
        if choice == "accepted, failed":
            return _FAILED
        if choice == "accepted, gateway":
            return _GATEWAY
        if choice == "accepted, other id" and earlier:
            task_id = earlier
        if choice == "accepted, bills more":
            self.tasks[task_id].pictures = PICTURES + 1
        output = {"task_id": task_id, "task_status": "PENDING"}
        return ServerResponse(200, _IDS | {"output": output}, "", ())

    def task_call(self, call: str, task_id: str) -> ServerResponse:
        choice, task = self.decide(call), self.tasks[task_id]
        if call == "query":
            if choice == "lost":
                raise httpx.ReadTimeout("lost")
            if choice == "gateway":
                return _GATEWAY
            if task.status == "RUNNING" and choice != "late":
                task.status = "SUCCEEDED"
            return self._query(task_id, task)
        if choice == "lost":
            raise httpx.ReadTimeout("lost")
        if choice == "too late" or task.status != "PENDING":
            task.status = "RUNNING" if task.status == "PENDING" else task.status
            return _TOO_LATE
        task.status = "RUNNING" if choice == "lie" else "CANCELED"
        if choice == "done, lost":
            raise httpx.ReadTimeout("lost")
        return ServerResponse(200, dict(_IDS), "", ())

    def shared_call(self, call: str, query: str) -> ServerResponse:
        if self.decide(call) == "lost":
            raise httpx.ReadTimeout("lost")
        rows = [{"task_id": name, "status": task.status} for name, task in self.tasks.items()]
        page = {"total": len(rows), "total_page": 1, "page_no": 1, "page_size": 100, "data": rows}
        return ServerResponse(200, _IDS | page, "", ())

    @staticmethod
    def _query(task_id: str, task: SimulatedTask) -> ServerResponse:
        output: dict[str, Any] = {"task_id": task_id, "task_status": task.status}
        usage = {}
        if task.status == "SUCCEEDED":
            usage = {"usage": {"image_count": task.pictures}}
            output["results"] = [{"url": "https://pictures.invalid/1.png"} for _ in range(task.pictures)]
        return ServerResponse(200, _IDS | {"output": output} | usage, "", ())


FAULTS = {
    "create": (
        "lost",
        "accepted, lost",
        "accepted, failed",
        "accepted, gateway",
        "accepted, other id",
        "failed",
        "limited",
        "not sent",
    ),
    "cancel": ("too late", "lie", "lost", "done, lost"),
    "query": ("lost", "gateway", "late"),
    "list": ("lost",),
}
"""The faults of an exchange."""
