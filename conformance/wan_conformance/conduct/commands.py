"""Run a command against an emulator on loopback, in real time, within a bound.

The command and all that it starts are one process group, which is ended when the bound is reached. The end of
its output is kept, without secrets.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event, Thread
from typing import IO, NamedTuple

from wanlib.base.redaction import printable, without_queries

_TAIL = 4000  # bytes of output that are kept
_SHOWN_LINES = 12
_TICK = 0.5  # seconds between two checks whether the command must be stopped
_GRACE = 2.0  # seconds between SIGTERM and SIGKILL, and for the rest of the output
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class CommandEnd(NamedTuple):
    """How a command ended.

    Attributes:
        code: Its exit code; None if it was stopped.
        seconds: How long it ran.
        output: The last lines of its output, without secrets.
    """

    code: int | None
    seconds: float
    output: tuple[str, ...]


def run_command(
    command: Sequence[str],
    environment: Mapping[str, str],
    bound: float,
    secret: str,
    stop: Event,
) -> CommandEnd:
    """Run a command until it ends or its bound is reached.

    Args:
        command: The command and its arguments; no shell is involved.
        environment: Variables that are added to those of this process, without its proxies and its own key.
        bound: Seconds after which its process group is ended.
        secret: A text that is left out of the output.
        stop: Ends the command when it is set.

    Raises:
        OSError: The command cannot be started.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DASHSCOPE_", "WAN_")) and name.upper() not in _PROXIES
    }
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=inherited | dict(environment) | {"NO_PROXY": "*", "no_proxy": "*"},
        start_new_session=sys.platform != "win32",
    )
    assert process.stdout is not None
    tail = bytearray()
    reader = Thread(target=_keep_tail, args=(process.stdout, tail), daemon=True)
    reader.start()
    code: int | None = None
    try:
        while code is None and not stop.is_set() and time.monotonic() - began < bound:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(min(_TICK, bound))
    finally:
        seconds = time.monotonic() - began
        _end_group(process)
        reader.join(_GRACE)
    return CommandEnd(code, seconds, _lines(bytes(tail), secret))


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """End a process and everything that it has started and left behind."""
    for end_signal in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, end_signal)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
            if end_signal == signal.SIGTERM and not _has_group(process.pid):
                return


def _has_group(group: int) -> bool:
    """Return True if processes of a group are left."""
    if sys.platform == "win32":
        return False
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _keep_tail(pipe: IO[bytes], tail: bytearray) -> None:
    with suppress(OSError, ValueError), pipe:
        while chunk := os.read(pipe.fileno(), 65536):
            tail += chunk
            del tail[:-_TAIL]


def _lines(tail: bytes, secret: str) -> tuple[str, ...]:
    text = tail.decode("utf-8", "replace").replace(secret, "…")
    lines = [printable(line.expandtabs()) for line in without_queries(text).splitlines() if line.strip()]
    return tuple(lines[-_SHOWN_LINES:])
