"""What the official SDK sends for the same calls, in a process and an environment of its own."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from wan_conformance.parity.calls import SdkCall
from wan_conformance.parity.recorder import recording_server
from wan_conformance.parity.requests import WireRequest
from wan_conformance.targets.client.fake_service import FakeService
from wanlib.spec import Spec

_SCRIPT = Path(__file__).with_name("sdk_child.py")


class SdkError(RuntimeError):
    """The SDK can't be asked; the message says what its process said."""


class SdkResult(NamedTuple):
    """What came of a call. sent: its requests, in order. raised: the name of the exception, or None."""

    requests: Sequence[WireRequest]
    raised: str | None


def run_sdk(python: Path, spec: Spec, key: str, calls: Sequence[SdkCall]) -> tuple[str, list[SdkResult]]:
    """The SDK's version, and what it did for each call. Raises SdkError.

    python: of the environment that has the SDK. It runs in an empty folder, since the SDK takes a text
    for the path of a file where there is such a file.
    """
    base_path = spec.wire["base_path"]
    with (
        recording_server(FakeService(spec.wire), base_path) as (address, requests),
        TemporaryDirectory() as empty,
    ):
        header = {"address": address, "base_path": base_path, "key": key}
        lines = [header, *(call.to_json() for call in calls)]
        process = subprocess.run(
            [python, "-I", _SCRIPT],
            input="".join(f"{json.dumps(line)}\n" for line in lines),
            cwd=empty,
            env=_environment(),
            capture_output=True,
            text=True,
        )
    results = [json.loads(line) for line in process.stdout.splitlines()]
    if process.returncode or len(results) != len(calls) + 1:
        raise SdkError(
            f"{python} -m {_SCRIPT.stem}: exit {process.returncode}, {process.stderr[-500:].strip()}"
        )
    version, *errors = results
    return version, [SdkResult(requests[number], error) for number, error in enumerate(errors)]


def _environment() -> dict[str, str]:
    """Nothing that would lead the SDK elsewhere: no proxy, no key, no address of the user's."""
    return {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "LANG")}
