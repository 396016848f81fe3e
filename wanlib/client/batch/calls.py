"""`Calls`: the interface between a batch and a client, which avoids a dependency on the client."""

from pathlib import Path
from typing import Any, Protocol

from wanlib.client.call.options import ParsedCall
from wanlib.client.call.plan import CallPlan
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import Steps
from wanlib.client.results.result import Result
from wanlib.client.tasks.billing import BilledCall


class Calls(Protocol):
    """The verbs of a client as steps, implemented by `ClientCore`."""

    context: ClientContext

    def plan(self, call: ParsedCall) -> CallPlan:
        """Validate and price a call."""

    def edit(self, verb: str, model: Any, prompt: Any, images: Any, kwargs: dict[str, Any]) -> Steps[Result]:
        """Make a call and return its result."""

    def submit(self, model: Any, prompt: Any, images: Any, kwargs: dict[str, Any]) -> Steps[BilledCall]:
        """Submit a task."""

    def save(
        self, result: Result, folder: Any, stem: str | None, overwrite: bool, timeout: float | None
    ) -> Steps[list[Path]]:
        """Write the pictures of a result to files."""
