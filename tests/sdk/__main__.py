"""Run every call of the official SDK against `wanlib serve`.

Exit codes: 0 only known failures; 1 other failures; 2 the SDK cannot be run.
"""

import io
import json
import os
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx
from PIL import Image

from tests.sdk.emulator_process import run_emulator
from tests.sdk.known_failures import KNOWN_FAILURES

_HERE = Path(__file__).parent
_QUICK_START = "vendor's quick start"
_TWO_K = (2048, 2048)
"""The picture size of `size="2K"`: the emulator downloads no images, and assumes that they are square."""


class SdkError(RuntimeError):
    """The SDK cannot be run; the message contains what its process printed."""


class SdkResults(NamedTuple):
    """The results of one SDK.

    Attributes:
        name: `pinned` or `newest`.
        version: the version of the SDK.
        errors: for result call what went wrong, or an empty string.
    """

    name: str
    version: str
    errors: dict[str, str]


def main() -> int:
    """Run every call with result SDK, and print which ones work."""
    parser = ArgumentParser(prog="tests.sdk", description=main.__doc__)
    parser.add_argument("--sdk", action="append", required=True, type=_sdk, metavar="NAME=PYTHON")
    sdks = parser.parse_args().sdk
    try:
        with ThreadPoolExecutor(len(sdks)) as pool:
            results = [*pool.map(lambda sdk: _call_everything(*sdk), sdks)]
    except (SdkError, OSError) as error:
        print(f"sdk: {error}", file=sys.stderr)
        return 2
    return _report(results)


def _sdk(text: str) -> tuple[str, Path]:
    name, _, python = text.partition("=")
    return name, Path(python).absolute()  # symbolic links are not resolved: they lead to its packages


def _call_everything(name: str, python: Path) -> SdkResults:
    """Run all calls in an empty folder, because the SDK uploads a file that is named like a text."""
    running = run_emulator("--waiting", "0.7", "--working", "0.4")
    held = run_emulator("--clock", "manual", "--waiting", "1")
    with running as real, held as still, TemporaryDirectory() as folder, TemporaryDirectory() as empty:
        for stem in ("first", "second"):
            Image.new("RGB", (800, 600)).save(Path(folder, f"{stem}.png"))
        dump = _run([python, "-I", _HERE / "quick_start.py", real], "", empty)
        settings = json.dumps({"real": real, "held": still, "folder": folder})
        version, *calls = map(
            json.loads, _run([python, "-I", _HERE / "calls.py"], settings, empty).splitlines()
        )
        calls += map(json.loads, _run([python, "-I", _HERE / "calls_v2.py"], settings, empty).splitlines())
        links = [(url, *_TWO_K) for url in re.findall(r'"image": "([^"]+)"', dump)]
        errors = {_QUICK_START: _picture_problem(links) if links else f"no picture in {dump[-200:]!r}"}
        errors |= {call["name"]: call["error"] or _picture_problem(call["links"]) for call in calls}
    return SdkResults(name, version, errors)


def _run(command: Sequence[str | Path], stdin: str, folder: str) -> str:
    """Return what a process prints. It inherits neither proxies nor keys from the environment."""
    names = ("PATH", "SYSTEMROOT", "LANG")
    environment = {name: value for name, value in os.environ.items() if name in names}
    done = subprocess.run(
        command,
        input=stdin,
        cwd=folder,
        env=environment | {"DASHSCOPE_API_KEY": "sk-local"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SdkError(f"{command[2]}: exit {done.returncode}, {done.stderr[-500:].strip()}")
    return done.stdout


def _picture_problem(links: Sequence[tuple[str, int, int]]) -> str:
    """Return what is wrong with the linked pictures: result must be a complete PNG of the expected size."""
    for url, *sides in links:
        with Image.open(io.BytesIO(httpx.get(url).raise_for_status().content)) as image:
            image.load()
            if (image.format, [*image.size]) != ("PNG", sides):
                return f"{image.format} of {image.size}, not a PNG of {sides}"
    return ""


def _report(results: Sequence[SdkResults]) -> int:
    """Print the table, the known failures with their reasons, and the problems; return the exit code."""
    print(f"{'':34}" + "".join(f"{result.version:>10}" for result in results))
    for call in dict.fromkeys(call for result in results for call in result.errors):
        marks = [_mark(result.errors.get(call)) for result in results]
        print(f"{call:34}" + "".join(f"{mark:>10}" for mark in marks))
    faults = [fault for result in results for fault in _problems(result)]
    for fault in faults:
        print(f"  WRONG  {fault}")
    return 1 if faults else 0


def _mark(error: str | None) -> str:
    """Return `works`, `no`, or `-` if the SDK does not have the call."""
    return "-" if error is None else "no" if error else "works"


def _problems(worked: SdkResults) -> list[str]:
    """Return the differences from the known failures, and print those that are known."""
    known = {known.call: known for known in KNOWN_FAILURES if worked.name in known.sdks}
    faults = []
    for call, error in worked.errors.items():
        expected = known.pop(call, None)
        if expected and expected.error_text in error:
            print(f"  known  {worked.version} {call}: {expected.reason}")
        elif error or expected:
            faults.append(f"{worked.version} {call}: {error or 'works, but is listed as known not to'}")
    return faults + [f"{call} is listed as known, but was not called" for call in known]


if __name__ == "__main__":
    sys.exit(main())
