"""`python -m wan_conformance.parity --sdk NAME=PYTHON ...`: compare what SDK and client send.

Exit codes: 0 parity, 1 differences, 2 usage error or an SDK that cannot be run.
"""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

from wan_conformance.parity.calls import sample_calls
from wan_conformance.parity.compare import ComparisonResult, compare, read_declared
from wan_conformance.parity.requests import WanRequests
from wan_conformance.parity.sdk import ParitySdkError, run_sdk
from wanlib.input_error import InputError
from wanlib.spec import load

NAMES = ("pinned", "newest")
_KEY = "sk-parity"
_SHOWN = 30


def main() -> int:
    """Make the same calls with each SDK and with the client, and report where their requests differ."""
    parser = ArgumentParser(prog="wan_conformance.parity", description=main.__doc__)
    parser.add_argument("--sdk", action="append", required=True, type=_sdk, metavar="NAME=PYTHON")
    parser.add_argument("--calls", type=int, default=600, help="how many calls are drawn at least")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    try:
        return max(_parity(name, python, arguments.calls, arguments.seed) for name, python in arguments.sdk)
    except (ParitySdkError, InputError, OSError) as error:
        print(f"parity: {error}", file=sys.stderr)
        return 2


def _parity(name: str, python: Path, count: int, seed: int) -> int:
    spec, declared = load(), read_declared(NAMES)
    calls = sample_calls(spec, count, seed)
    client = WanRequests(spec, _KEY)
    version, sdk_results = run_sdk(python, spec, _KEY, calls)
    result = compare(spec, name, calls, [client.request_for(call) for call in calls], sdk_results, declared)
    _print_result(result, version)
    return 1 if result.problems else 0


def _print_result(result: ComparisonResult, version: str) -> None:
    same = f"{result.equal} of {result.calls} calls are the same, apart from"
    print(f"dashscope {version} ({result.sdk}): {same}")
    for difference, count in result.declared_counts.most_common():
        print(f"  {count:5}  {difference.pattern} {difference.how}: {difference.reason}")
    for problem in result.problems[:_SHOWN]:
        print(f"  DIFFERS  {problem}")
    if len(result.problems) > _SHOWN:
        print(f"  and {len(result.problems) - _SHOWN} more")


def _sdk(text: str) -> tuple[str, Path]:
    name, _, python = text.partition("=")
    if name not in NAMES or not python:
        raise ArgumentTypeError(f"{text!r} is not NAME=PYTHON with a NAME of {', '.join(NAMES)}")
    # Not resolved: the location of the link determines the packages of a virtual environment.
    return name, Path(python).absolute()


if __name__ == "__main__":
    sys.exit(main())
