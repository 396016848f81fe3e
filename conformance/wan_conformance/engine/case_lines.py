"""Cases as JSON Lines, for programs of other projects; `conformance/README.md` documents the members."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from wan_conformance.engine.sources import CaseSource, model_of
from wan_conformance.targets.server.target import dump_large_json
from wanlib.boundary.case import Case
from wanlib.spec import Spec

LARGE = 1 << 20
"""Minimum number of bytes of a large line: a few cases on file sizes make up most of the output."""
_FROM_STRONGEST = ("rejected", "truncated", "ignored", "unspecified")


def case_lines(spec: Spec, sources: Iterable[CaseSource]) -> Iterator[bytes | None]:
    """Yield a line for each vector and each boundary case; None for a body that JSON cannot express.

    Drawn bodies and checks of tasks are left out: they differ between seeds, or are not single bodies.

    Args:
        spec: The spec of the cases.
        sources: The sources with the cases.
    """
    for source in sources:
        if source.name in ("vectors", "edges"):
            for case in source.cases:
                if isinstance(case, Case):
                    yield _line(spec, case)


def _line(spec: Spec, case: Case) -> bytes | None:
    try:
        body = dump_large_json(case.question.body)
    except (ValueError, RecursionError):
        return None
    head = json.dumps(_members(spec, case), separators=(",", ":"))
    return head[:-1].encode() + b',"body":' + body + b"}\n"


def _members(spec: Spec, case: Case) -> dict[str, Any]:
    outcomes = {outcome for _, outcome in case.breaks}
    rule = spec.rules.get(case.rule) if case.rule else None
    return {
        "id": case.id,
        "rule": case.rule,
        "source": f"spec/{rule.file}:{rule.line}" if rule else None,
        "written": case.place,
        "model": model_of(case.question.body, spec),
        "modes": None if case.modes is None else list(case.modes),
        "expected": next((outcome for outcome in _FROM_STRONGEST if outcome in outcomes), "accepted"),
        "violations": [{"rule": violated, "outcome": outcome} for violated, outcome in case.breaks],
        "call": case.question.call,
    }
