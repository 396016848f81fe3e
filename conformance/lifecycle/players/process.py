"""The official SDK's process, in an environment of its own."""

import json
import os
import subprocess
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

from conformance.lifecycle.clock import START
from conformance.lifecycle.players.ours import BASE, KEY

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
        self.say({"key": KEY, "address": BASE, "start": START})
        self.version: str = self.hear()["version"]

    def say(self, told: dict[str, Any]) -> None:
        """Tells the process something. Raises SdkError where it has ended."""
        assert self._process.stdin
        try:
            self._process.stdin.write(f"{json.dumps(told)}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._gone() from None

    def hear(self) -> dict[str, Any]:
        """What the process says next. Raises SdkError where it has ended."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise self._gone()
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

    def _gone(self) -> SdkError:
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
