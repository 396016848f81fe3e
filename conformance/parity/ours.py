"""What the client sends for a call."""

from typing import Any

import httpx

from conformance.parity.asked import Asked
from conformance.parity.sent import Sent, read
from conformance.targets.service import NOW, TASK, Service
from conformance.targets.verbs import make, waited
from wanlib.base.clock import ManualClock
from wanlib.generated.client import Wan
from wanlib.spec import Spec


class Ours:
    """`Wan`, with this key, before a service that is played."""

    def __init__(self, spec: Spec, key: str) -> None:
        self._base = "http://loopback" + spec.wire["base_path"]
        self._service = Service(spec.wire)
        http = httpx.Client(transport=self._service.transport(False))
        self._wan: Any = Wan(key, base_url=self._base, http_client=http, clock=ManualClock(NOW))

    def sent(self, call: Asked) -> Sent:
        """The one request of a call; of a poll the last."""
        self._make(call)
        *_, request = self._service.asked()
        target = str(request.url)[len(self._base) :]
        return read(request.method, target, dict(request.headers), request.content)

    def _make(self, call: Asked) -> None:
        if call.said is not None and call.verb == "poll":
            waited(self._wan, call.said, dict(call.said.parameters))
        elif call.said is not None:
            make(self._wan, call.said, dict(call.said.parameters))
        elif call.verb == "fetch":
            self._wan.task(TASK).status()
        elif call.verb == "cancel":
            self._wan.cancel(TASK)
        else:
            list(self._wan.tasks())
