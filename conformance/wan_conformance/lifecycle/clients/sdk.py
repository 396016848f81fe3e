"""The official SDK as a player: its process asks for each exchange, and here is who answers."""

import json
import os
import subprocess
from base64 import b64decode, b64encode
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any
from urllib.parse import urlsplit

from wan_conformance.lifecycle.clients.base import VERBS, CallOutcome, CallRequest
from wan_conformance.lifecycle.clients.wan import BASE, KEY
from wan_conformance.lifecycle.simulation.clock import START, SimulatedClock
from wan_conformance.lifecycle.simulation.service import RunawayClient
from wanlib.base.redaction import redact_text
from wanlib.emulator import Emulator, Request, Response
from wanlib.emulator.core.http_messages import CUT_BEFORE_RESPONSE

_SCRIPT = Path(__file__).with_name("sdk_child.py")
_KEPT = ("PATH", "SYSTEMROOT", "LANG")


class SdkError(RuntimeError):
    """The SDK can't be played; the message says what its process said."""


class Sdk:
    """The process of an SDK, which serves story after story.

    python: of the environment that has it. It runs in an empty folder, since the SDK takes a text for the
    path of a file where there is such a file, and with nothing of the user's that would lead it elsewhere.
    """

    def __init__(self, python: Path) -> None:
        self._python = python
        self._empty, self._errors = TemporaryDirectory(), TemporaryFile()  # noqa: SIM115 - closed by `close`
        try:
            self._process = self._started()
        except OSError as error:
            self._sweep()
            raise SdkError(f"{python}: {error.strerror}") from None
        self.send({"key": KEY, "address": BASE, "start": START})
        self.version: str = self.receive()["version"]

    def send(self, told: dict[str, Any]) -> None:
        """Tells the process something. Raises SdkError where it has ended."""
        assert self._process.stdin
        try:
            self._process.stdin.write(f"{json.dumps(told)}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._exit_error() from None

    def receive(self) -> dict[str, Any]:
        """What the process says next. Raises SdkError where it has ended."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise self._exit_error()
        told: dict[str, Any] = json.loads(line)
        return told

    def close(self) -> None:
        """Ends the process."""
        if not self._errors.closed:
            with suppress(BrokenPipeError):
                self._process.communicate()
            self._sweep()

    def _started(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._python, "-I", _SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self._empty.name,
            env={name: value for name, value in os.environ.items() if name in _KEPT},
            text=True,
        )

    def _exit_error(self) -> SdkError:
        """It has ended before it should have: what it said last."""
        with suppress(BrokenPipeError):
            self._process.communicate()
        self._errors.seek(0)
        words = self._errors.read()[-500:].decode("utf-8", "replace").strip()
        self._sweep()
        return SdkError(f"{self._python} {_SCRIPT.name}: exit {self._process.returncode}, {words}")

    def _sweep(self) -> None:
        self._errors.close()
        self._empty.cleanup()


NAMES = ("pinned", "newest")
"""That of the vendor's guide, and the last one. As clients they are called `sdk-` and one of these."""
_TOLD = ("task_id", "pictures", "state", "name")


class SdkAdapter:
    """One caller of the SDK. folder: where pictures go. It has no verb for a lost call, and no journal."""

    verbs = VERBS - {"find_lost", "resume"}

    def __init__(self, name: str, sdk: Sdk, service: Emulator, time: SimulatedClock, folder: Path) -> None:
        self.name = name
        self._sdk, self._service, self._time, self._folder = sdk, service, time, folder
        self._links: dict[str, list[str]] = {}

    def submit(self, order: CallRequest, timeout: float) -> CallOutcome:
        return self._do("submit", timeout=timeout, **order._asdict())

    def edit(self, order: CallRequest, timeout: float) -> CallOutcome:
        return self._do("edit", timeout=timeout, **order._asdict())

    def poll(self, task_id: str) -> CallOutcome:
        return self._do("poll", task=task_id)

    def wait(self, task_id: str, timeout: float) -> CallOutcome:
        return self._do("wait", task=task_id, timeout=timeout)

    def save(self, task_id: str) -> CallOutcome:
        return self._do("save", links=self._links[task_id], folder=str(self._folder))

    def cancel(self, task_id: str) -> CallOutcome:
        return self._do("cancel", task=task_id)

    def list(self) -> CallOutcome:
        return self._do("list")

    def find_lost(self) -> CallOutcome:
        raise NotImplementedError("the SDK has no verb for it")

    def resume(self, timeout: float) -> CallOutcome:
        raise NotImplementedError("the SDK has no verb for it")

    def close(self) -> None:
        """The process goes on with the next caller: nothing of this one is kept in it."""

    def _do(self, verb: str, **given: Any) -> CallOutcome:
        """Has the process do something, and answers its requests until it says what came of it."""
        self._say({"do": verb, **given})
        cut_off: RunawayClient | None = None
        while True:
            told = self._sdk.receive()
            self._time.at = told["at"]
            if "said" in told:
                break
            try:
                self._say(self._answer(*told["request"]))
            except RunawayClient as end:
                cut_off = end
                self._say({"stop": True})
        if cut_off:
            raise cut_off
        return self._outcome(told["said"])

    def _say(self, told: dict[str, Any]) -> None:
        self._sdk.send({**told, "at": self._time.at})

    def _answer(self, method: str, url: str, headers: dict[str, str], body: str) -> dict[str, Any]:
        where = urlsplit(url)
        target = f"{where.path}?{where.query}" if where.query else where.path
        named = {name.lower(): value for name, value in headers.items()}
        origin = f"{where.scheme}://{where.netloc}"
        response = self._service.handle(Request(method, target, named, b64decode(body), origin))
        # Its patience is for each piece of an answer, so one that trickles comes whole.
        self._time.sleep(response.delay + response.pace * len(response.parts))
        return _told(response)

    def _outcome(self, told: dict[str, Any]) -> CallOutcome:
        if told["kind"] == "result":
            self._links[told["task_id"]] = told["links"]
        kept = {name: told[name] for name in _TOLD if name in told}
        return CallOutcome(
            told["kind"], tasks=tuple(told.get("tasks", ())), words=redact_text(told.get("words", "")), **kept
        )


def _told(response: Response) -> dict[str, Any]:
    if response.cut == CUT_BEFORE_RESPONSE:
        return {"cut": True}
    body = response.body
    headers = {**dict(response.headers), "content-length": str(len(body))}
    return {"status": response.status, "headers": headers, "body": b64encode(body[: response.cut]).decode()}
