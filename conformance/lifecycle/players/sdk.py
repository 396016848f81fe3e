"""The official SDK as a player: its process asks for each exchange, and here is who answers."""

from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.lifecycle.clock import Time
from conformance.lifecycle.player import VERBS, Order
from conformance.lifecycle.players.process import Sdk
from conformance.lifecycle.said import Said
from conformance.lifecycle.service import Endless
from wanlib.base.shown import safe_text
from wanlib.emulator import Emulator, Request, Response
from wanlib.emulator.exchange import BEFORE

NAMES = ("pinned", "newest")
"""That of the vendor's guide, and the last one. As clients they are called `sdk-` and one of these."""
_TOLD = ("task_id", "pictures", "state", "name")


class SdkPlayer:
    """One caller of the SDK. folder: where pictures go. It has no verb for a lost call, and no journal."""

    verbs = VERBS - {"find_lost", "resume"}

    def __init__(self, name: str, sdk: Sdk, service: Emulator, time: Time, folder: Path) -> None:
        self.name = name
        self._sdk, self._service, self._time, self._folder = sdk, service, time, folder
        self._links: dict[str, list[str]] = {}

    def submit(self, order: Order, timeout: float) -> Said:
        return self._do("submit", timeout=timeout, **order._asdict())

    def edit(self, order: Order, timeout: float) -> Said:
        return self._do("edit", timeout=timeout, **order._asdict())

    def poll(self, task_id: str) -> Said:
        return self._do("poll", task=task_id)

    def wait(self, task_id: str, timeout: float) -> Said:
        return self._do("wait", task=task_id, timeout=timeout)

    def save(self, task_id: str) -> Said:
        return self._do("save", links=self._links[task_id], folder=str(self._folder))

    def cancel(self, task_id: str) -> Said:
        return self._do("cancel", task=task_id)

    def list(self) -> Said:
        return self._do("list")

    def find_lost(self) -> Said:
        raise NotImplementedError("the SDK has no verb for it")

    def resume(self, timeout: float) -> Said:
        raise NotImplementedError("the SDK has no verb for it")

    def close(self) -> None:
        """The process goes on with the next caller: nothing of this one is kept in it."""

    def _do(self, verb: str, **given: Any) -> Said:
        """Has the process do something, and answers its requests until it says what came of it."""
        self._say({"do": verb, **given})
        cut_off: Endless | None = None
        while True:
            told = self._sdk.hear()
            self._time.at = told["at"]
            if "said" in told:
                break
            try:
                self._say(self._answer(*told["request"]))
            except Endless as end:
                cut_off = end
                self._say({"stop": True})
        if cut_off:
            raise cut_off
        return self._said(told["said"])

    def _say(self, told: dict[str, Any]) -> None:
        self._sdk.say({**told, "at": self._time.at})

    def _answer(self, method: str, url: str, headers: dict[str, str], body: str) -> dict[str, Any]:
        where = urlsplit(url)
        target = f"{where.path}?{where.query}" if where.query else where.path
        named = {name.lower(): value for name, value in headers.items()}
        origin = f"{where.scheme}://{where.netloc}"
        response = self._service.handle(Request(method, target, named, b64decode(body), origin))
        # Its patience is for each piece of an answer, so one that trickles comes whole.
        self._time.sleep(response.delay + response.pace * len(response.parts))
        return _told(response)

    def _said(self, told: dict[str, Any]) -> Said:
        if told["kind"] == "result":
            self._links[told["task_id"]] = told["links"]
        kept = {name: told[name] for name in _TOLD if name in told}
        return Said(
            told["kind"], tasks=tuple(told.get("tasks", ())), words=safe_text(told.get("words", "")), **kept
        )


def _told(response: Response) -> dict[str, Any]:
    if response.cut == BEFORE:
        return {"cut": True}
    body = response.body
    headers = {**dict(response.headers), "content-length": str(len(body))}
    return {"status": response.status, "headers": headers, "body": b64encode(body[: response.cut]).decode()}
