"""The official SDK, which knows nothing of us, against `wanlib serve`.

0: all works but what is known not to; 1: not so; 2: the SDK can't be asked.
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

from tests.sdk.known import KNOWN
from tests.sdk.served import served

_HERE = Path(__file__).parent
_QUICK_START = "vendor's quick start"
_TWO_K = (2048, 2048)
"""`size="2K"` where nobody sees the pictures: the emulator fetches none, and takes them for squares."""


class SdkError(RuntimeError):
    """The SDK can't be asked; the message says what its process said."""


class Worked(NamedTuple):
    """One SDK's results. errors: name of each call -> what went wrong, "" for nothing."""

    name: str
    version: str
    errors: dict[str, str]


def main() -> int:
    """Asks each SDK for every call, and tells which work."""
    parser = ArgumentParser(prog="tests.sdk", description=main.__doc__)
    parser.add_argument("--sdk", action="append", required=True, type=_sdk, metavar="NAME=PYTHON")
    sdks = parser.parse_args().sdk
    try:
        with ThreadPoolExecutor(len(sdks)) as pool:
            found = [*pool.map(lambda sdk: _worked(*sdk), sdks)]
    except (SdkError, OSError) as error:
        print(f"sdk: {error}", file=sys.stderr)
        return 2
    return _tell(found)


def _sdk(text: str) -> tuple[str, Path]:
    name, _, python = text.partition("=")
    return name, Path(python).absolute()  # its links kept: they lead to its packages


def _worked(name: str, python: Path) -> Worked:
    """Two emulators and an empty folder, since the SDK takes a text for a path where there is such a file."""
    running = served("--waiting", "0.7", "--working", "0.4")
    held = served("--clock", "manual", "--waiting", "1")
    with running as real, held as still, TemporaryDirectory() as folder, TemporaryDirectory() as empty:
        for stem in ("first", "second"):
            Image.new("RGB", (800, 600)).save(Path(folder, f"{stem}.png"))
        dump = _run([python, "-I", _HERE / "quick_start.py", real], "", empty)
        told = json.dumps({"real": real, "held": still, "folder": folder})
        version, *calls = map(json.loads, _run([python, "-I", _HERE / "calls.py"], told, empty).splitlines())
        calls += map(json.loads, _run([python, "-I", _HERE / "calls_v2.py"], told, empty).splitlines())
        links = [(url, *_TWO_K) for url in re.findall(r'"image": "([^"]+)"', dump)]
        errors = {_QUICK_START: _wrong(links) if links else f"no picture in {dump[-200:]!r}"}
        errors |= {call["name"]: call["error"] or _wrong(call["links"]) for call in calls}
    return Worked(name, version, errors)


def _run(command: Sequence[str | Path], told: str, folder: str) -> str:
    """What a process prints. Nothing leads the SDK elsewhere: no proxy and no key of the user's."""
    names = ("PATH", "SYSTEMROOT", "LANG")
    environment = {name: value for name, value in os.environ.items() if name in names}
    done = subprocess.run(
        command,
        input=told,
        cwd=folder,
        env=environment | {"DASHSCOPE_API_KEY": "sk-local"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SdkError(f"{command[2]}: exit {done.returncode}, {done.stderr[-500:].strip()}")
    return done.stdout


def _wrong(links: Sequence[tuple[str, int, int]]) -> str:
    """What is wrong with the pictures behind some links: each must be a whole PNG of its promised sides."""
    for url, *sides in links:
        with Image.open(io.BytesIO(httpx.get(url).raise_for_status().content)) as image:
            image.load()
            if (image.format, [*image.size]) != ("PNG", sides):
                return f"{image.format} of {image.size}, not a PNG of {sides}"
    return ""


def _tell(found: Sequence[Worked]) -> int:
    """The table, the reasons of what is known, and the faults."""
    print(f"{'':34}" + "".join(f"{each.version:>10}" for each in found))
    for call in dict.fromkeys(call for each in found for call in each.errors):
        marks = [_mark(each.errors.get(call)) for each in found]
        print(f"{call:34}" + "".join(f"{mark:>10}" for mark in marks))
    faults = [fault for each in found for fault in _faults(each)]
    for fault in faults:
        print(f"  WRONG  {fault}")
    return 1 if faults else 0


def _mark(error: str | None) -> str:
    """How a call went; `-` where the SDK does not have it."""
    return "-" if error is None else "no" if error else "works"


def _faults(worked: Worked) -> list[str]:
    """What is not as KNOWN has it; what is known is told with its reason."""
    known = {known.call: known for known in KNOWN if worked.name in known.sdks}
    faults = []
    for call, error in worked.errors.items():
        expected = known.pop(call, None)
        if expected and expected.says in error:
            print(f"  known  {worked.version} {call}: {expected.reason}")
        elif error or expected:
            faults.append(f"{worked.version} {call}: {error or 'works, but is listed as known not to'}")
    return faults + [f"{call} is listed as known, but was not called" for call in known]


if __name__ == "__main__":
    sys.exit(main())
