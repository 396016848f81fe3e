"""The official SDK behind `ClientAdapter`, in a separate process.

The process runs `sdk_child.py` in the environment that has the SDK, and exchanges JSON lines with
`SdkProcess`.
"""

import json
import os
import subprocess
from base64 import b64decode, b64encode
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any
from urllib.parse import urlsplit

from wan_conformance.lifecycle.clients.base import BASE_URL, KEY, VERBS, CallOutcome, CallRequest
from wan_conformance.lifecycle.simulation.clock import START, SimulatedClock
from wan_conformance.lifecycle.simulation.service import RunawayClient
from wanlib.base.redaction import redact_text
from wanlib.emulator import Emulator, Request, Response
from wanlib.emulator.core.http_messages import CUT_BEFORE_RESPONSE, NEVER_ANSWERED

_SCRIPT = Path(__file__).with_name("sdk_child.py")
_INHERITED = ("PATH", "SYSTEMROOT", "LANG")


class SdkError(RuntimeError):
    """The SDK can't be run; the message has the last output of its process."""


class SdkProcess:
    """The process of an SDK, which serves one test after another.

    It runs in an empty folder, since the SDK interprets a text as a path if such a file exists, and without
    the user's environment variables that configure it.

    Attributes:
        version: The version of the SDK.
    """

    def __init__(self, python: Path) -> None:
        """Start the process.

        Args:
            python: The Python of the environment that has the SDK.

        Raises:
            SdkError: It could not be started.
        """
        self._python = python
        self._empty, self._errors = TemporaryDirectory(), TemporaryFile()  # noqa: SIM115 - closed by `close`
        try:
            self._process = self._start()
        except OSError as error:
            self._remove_files()
            raise SdkError(f"{python}: {error.strerror}") from None
        self.send({"key": KEY, "address": BASE_URL, "start": START})
        self.version: str = self.receive()["version"]

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the process.

        Raises:
            SdkError: The process has ended.
        """
        assert self._process.stdin
        try:
            self._process.stdin.write(f"{json.dumps(message)}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._exit_error() from None

    def receive(self) -> dict[str, Any]:
        """Return the next message of the process.

        Raises:
            SdkError: The process has ended.
        """
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise self._exit_error()
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        """End the process."""
        if not self._errors.closed:
            with suppress(BrokenPipeError):
                self._process.communicate()
            self._remove_files()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._python, "-I", _SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self._empty.name,
            env={name: value for name, value in os.environ.items() if name in _INHERITED},
            text=True,
        )

    def _exit_error(self) -> SdkError:
        """Return the error of a process that ended too early, with its last output."""
        with suppress(BrokenPipeError):
            self._process.communicate()
        self._errors.seek(0)
        output = self._errors.read()[-500:].decode("utf-8", "replace").strip()
        self._remove_files()
        return SdkError(f"{self._python} {_SCRIPT.name}: exit {self._process.returncode}, {output}")

    def _remove_files(self) -> None:
        self._errors.close()
        self._empty.cleanup()


NAMES = ("pinned", "newest")
"""The version of the vendor's guide, and the newest one; the clients are named `sdk-` and one of these."""
_COPIED = ("task_id", "pictures", "state", "name")


class SdkAdapter:
    """One caller of the SDK, which has no journal and no verb for a lost call.

    Attributes:
        name: `sdk-pinned` or `sdk-newest`.
        verbs: The verbs that it has.
    """

    verbs = VERBS - {"find_lost", "resume"}

    def __init__(
        self, name: str, process: SdkProcess, service: Emulator, clock: SimulatedClock, folder: Path
    ) -> None:
        """Wrap the process of an SDK; `folder` gets its pictures."""
        self.name = name
        self._process, self._service, self._clock, self._folder = process, service, clock, folder
        self._links: dict[str, list[str]] = {}

    def submit(self, request: CallRequest, timeout: float) -> CallOutcome:
        """Create a task."""
        return self._do("submit", timeout=timeout, **request._asdict())

    def edit(self, request: CallRequest, timeout: float) -> CallOutcome:
        """Create a task and wait for it."""
        return self._do("edit", timeout=timeout, **request._asdict())

    def poll(self, task_id: str) -> CallOutcome:
        """Query a task once."""
        return self._do("poll", task=task_id)

    def wait(self, task_id: str, timeout: float) -> CallOutcome:
        """Wait until a task has ended."""
        return self._do("wait", task=task_id, timeout=timeout)

    def save(self, task_id: str) -> CallOutcome:
        """Save the pictures of a result."""
        return self._do("save", links=self._links[task_id], folder=str(self._folder))

    def cancel(self, task_id: str) -> CallOutcome:
        """Cancel a task."""
        return self._do("cancel", task=task_id)

    def list(self) -> CallOutcome:
        """List the tasks of the account."""
        return self._do("list")

    def find_lost(self) -> CallOutcome:
        """Raise NotImplementedError."""
        raise NotImplementedError("the SDK has no such verb")

    def resume(self, timeout: float, adopt: bool) -> CallOutcome:
        """Raise NotImplementedError."""
        raise NotImplementedError("the SDK has no such verb")

    def close(self) -> None:
        """Do nothing: the process serves the next caller, and keeps no state of this one."""

    def _do(self, verb: str, **arguments: Any) -> CallOutcome:
        """Run a verb in the process, and answer its requests until it reports the outcome."""
        self._send({"verb": verb, **arguments})
        runaway: RunawayClient | None = None
        while True:
            message = self._process.receive()
            self._clock.at = message["at"]
            if "outcome" in message:
                break
            try:
                self._send(self._response(*message["request"]))
            except RunawayClient as error:
                runaway = error
                self._send({"stop": True})
        if runaway:
            raise runaway
        return self._outcome(message["outcome"])

    def _send(self, message: dict[str, Any]) -> None:
        self._process.send({**message, "at": self._clock.at})

    def _response(
        self, method: str, url: str, headers: dict[str, str], body: str, timeout: float | None = None
    ) -> dict[str, Any]:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        lowered = {name.lower(): value for name, value in headers.items()}
        origin = f"{parts.scheme}://{parts.netloc}"
        response = self._service.handle(Request(method, target, lowered, b64decode(body), origin))
        if response.delay == NEVER_ANSWERED:
            if timeout is None:
                raise RunawayClient
            self._clock.sleep(timeout)
            return {"timed_out": True}
        # The read timeout of the SDK is per piece, so a response in slow pieces arrives in full.
        self._clock.sleep(response.delay + response.pace * len(response.parts))
        return _encode(response)

    def _outcome(self, message: dict[str, Any]) -> CallOutcome:
        if message["kind"] == "result":
            self._links[message["task_id"]] = message["links"]
        copied = {name: message[name] for name in _COPIED if name in message}
        return CallOutcome(
            message["kind"],
            tasks=tuple(message.get("tasks", ())),
            message=redact_text(message.get("message", "")),
            **copied,
        )


def _encode(response: Response) -> dict[str, Any]:
    if response.cut == CUT_BEFORE_RESPONSE:
        return {"cut": True}
    body = response.body
    headers = {**dict(response.headers), "content-length": str(len(body))}
    return {"status": response.status, "headers": headers, "body": b64encode(body[: response.cut]).decode()}
