"""`wanlib diff` beside tools that compare JSON Schemas: right verdicts, false alarms, and time for each pair.

The tools get the schemas that are exported from the two specs. Those from npm are installed into a temporary
folder, and left out with the reason where that is not possible.
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import NamedTuple

from tests.bench.diff_pairs import Pair, pairs
from wanlib.diff.change import ChangeClass
from wanlib.diff.comparison import compare
from wanlib.diff.side import Side

_NPM = ("json-schema-diff@1.0.0", "json-schema-diff-validator@0.4.2")
_SCRIPT = Path(__file__).with_name("diff_rivals.js")
_NO_VERDICT = "compatible"
"""The verdict of a tool that states only what breaks: right for additions and for no change."""


class Verdict(NamedTuple):
    """A tool's verdict on a pair, and the CPU time that it took in seconds."""

    text: str
    seconds: float


def main() -> None:
    """Print the table."""
    chosen = pairs()
    changed = sum(pair.expected != "none" for pair in chosen)
    rewritten = len(chosen) - changed
    print(f"wanlib diff beside other tools: {changed} changes, {rewritten} rewrites without a change")
    head = (
        f"{'tool':34} {'right':>9} {'false alarms':>13} {'no answer':>10} {'a pair':>9} {'time, ratio':>12}"
    )
    print(head)
    ours = [_our_verdict(pair) for pair in chosen]
    for name, verdicts in {"wanlib diff": ours, **dict(_rivals(chosen))}.items():
        print(
            _row(name, chosen, verdicts, ours)
            if isinstance(verdicts, list)
            else f"{name:34} left out: {verdicts}"
        )


def _row(name: str, chosen: Sequence[Pair], verdicts: Sequence[Verdict], ours: Sequence[Verdict]) -> str:
    answers = list(zip(chosen, verdicts, strict=True))
    right = sum(_is_right(pair, verdict) for pair, verdict in answers)
    none = sum(pair.expected == "none" for pair, _ in answers)
    alarms = sum(
        pair.expected == "none" and verdict.text in ("breaking", "additive", "incomparable")
        for pair, verdict in answers
    )
    silent = sum(verdict.text.startswith("error") for verdict in verdicts)
    seconds = median(verdict.seconds for verdict in verdicts)
    ratio = seconds / median(verdict.seconds for verdict in ours)
    return (
        f"{name:34} {f'{right} of {len(chosen)}':>9} {f'{alarms} of {none}':>13} {silent:>10} "
        f"{seconds * 1000:>6.1f} ms {ratio:>12.2f}"
    )


def _is_right(pair: Pair, verdict: Verdict) -> bool:
    return verdict.text == pair.expected or (verdict.text == _NO_VERDICT and pair.expected != "breaking")


def _our_verdict(pair: Pair) -> Verdict:
    old, new = (Side(label, spec, pair.model) for label, spec in zip(("old", "new"), pair.specs, strict=True))
    start = process_time()
    changes = compare(old, new).changes
    seconds = process_time() - start
    classes = {change.change_class for change in changes} - {ChangeClass.EDITORIAL}
    return Verdict(" and ".join(map(str, sorted(classes))) or "none", seconds)


def _rivals(chosen: Sequence[Pair]) -> Iterator[tuple[str, list[Verdict] | str]]:
    yield "jsonsubschema", [_verdict_of_jsonsubschema(pair) for pair in chosen]
    yield from _npm_verdicts(chosen)


def _verdict_of_jsonsubschema(pair: Pair) -> Verdict:
    from jsonsubschema import isSubschema

    old, new = pair.schemas
    start = process_time()
    try:
        is_kept, is_no_wider = isSubschema(old, new), isSubschema(new, old)
    except Exception as error:
        return Verdict(f"error: {error}", process_time() - start)
    text = {(True, True): "none", (True, False): "additive", (False, True): "breaking"}
    return Verdict(text.get((is_kept, is_no_wider), "incomparable"), process_time() - start)


def _npm_verdicts(chosen: Sequence[Pair]) -> Iterator[tuple[str, list[Verdict] | str]]:
    with TemporaryDirectory(prefix="wanlib-bench-") as folder:
        try:
            install = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", folder, *_NPM]
            subprocess.run(install, check=True, capture_output=True, timeout=120)
            ran = subprocess.run(
                ["node", str(_SCRIPT)],
                cwd=folder,
                input=json.dumps([pair.schemas for pair in chosen]),
                capture_output=True,
                text=True,
                check=True,
                timeout=240,
            )
        except (OSError, subprocess.SubprocessError) as error:
            yield ", ".join(_NPM), f"npm cannot install or run them here ({type(error).__name__})"
            return
    for name, verdicts in json.loads(ran.stdout).items():
        yield name, [Verdict(*verdict) for verdict in verdicts]


if __name__ == "__main__":
    main()
