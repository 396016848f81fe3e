"""`python -m wan_conformance.parity --sdk NAME=PYTHON ...`: 0 parity, 1 none, 2 what was asked can't be
done.
"""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

from wan_conformance.parity.calls import sample_calls
from wan_conformance.parity.compare import ComparisonResult, DeclarationError, compare, read_declared
from wan_conformance.parity.requests import WanRequests
from wan_conformance.parity.sdk import SdkError, run_sdk
from wanlib.spec import SpecError, load

NAMES = ("pinned", "newest")
_KEY = "sk-parity"
_SHOWN = 30


def main() -> int:
    """Asks each SDK and the client for the same calls, and tells where they differ."""
    parser = ArgumentParser(prog="wan_conformance.parity", description=main.__doc__)
    parser.add_argument("--sdk", action="append", required=True, type=_sdk, metavar="NAME=PYTHON")
    parser.add_argument("--calls", type=int, default=600, help="how many calls are drawn at least")
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    try:
        return max(_parity(name, python, told.calls, told.seed) for name, python in told.sdk)
    except (SdkError, SpecError, DeclarationError, OSError) as error:
        print(f"parity: {error}", file=sys.stderr)
        return 2


def _parity(name: str, python: Path, count: int, seed: int) -> int:
    spec, declared = load(), read_declared(NAMES)
    calls = sample_calls(spec, count, seed)
    client = WanRequests(spec, _KEY)
    version, theirs = run_sdk(python, spec, _KEY, calls)
    found = compare(spec, name, calls, [client.request_for(call) for call in calls], theirs, declared)
    _print_result(found, version)
    return 1 if found.problems else 0


def _print_result(found: ComparisonResult, version: str) -> None:
    print(
        f"dashscope {version} ({found.sdk}): {found.equal} of {found.calls} calls are the client's, but for"
    )
    for each, count in found.declared_counts.most_common():
        print(f"  {count:5}  {each.pattern} {each.how}: {each.reason}")
    for fault in found.problems[:_SHOWN]:
        print(f"  DIFFERS  {fault}")
    if len(found.problems) > _SHOWN:
        print(f"  and {len(found.problems) - _SHOWN} more")


def _sdk(text: str) -> tuple[str, Path]:
    name, _, python = text.partition("=")
    if name not in NAMES or not python:
        raise ArgumentTypeError(f"{text!r} is not NAME=PYTHON with a NAME of {', '.join(NAMES)}")
    return name, Path(python).absolute()  # its links kept: they lead to its packages


if __name__ == "__main__":
    sys.exit(main())
