"""Run the official SDK in a separate process and environment."""

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


class ParitySdkError(RuntimeError):
    """The SDK cannot be run; the message has the output of its process."""


class SdkResult(NamedTuple):
    """The SDK's result for one call.

    Attributes:
        requests: Its requests, in order.
        raised: The name of the exception that it raised; None if it raised none.
    """

    requests: Sequence[WireRequest]
    raised: str | None


def run_sdk(python: Path, spec: Spec, key: str, calls: Sequence[SdkCall]) -> tuple[str, list[SdkResult]]:
    """Return the SDK's version and what it did for each call.

    It runs in an empty folder, since the SDK takes a text for a path if there is such a file.

    Args:
        python: The interpreter of the environment that has the SDK.
        spec: The spec.
        key: The API key that it sends.
        calls: The calls to make.

    Raises:
        ParitySdkError: Its process fails.
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
        raise ParitySdkError(
            f"{python} -m {_SCRIPT.stem}: exit {process.returncode}, {process.stderr[-500:].strip()}"
        )
    version, *errors = results
    return version, [SdkResult(requests[number], error) for number, error in enumerate(errors)]


def _environment() -> dict[str, str]:
    """Return an environment without proxies, keys and addresses of the user."""
    return {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "LANG")}
