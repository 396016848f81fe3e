"""One verdict as a line of the log, and back."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.model import VERDICTS, Answer, Observation, Verdict
from conformance.redact import readable
from wanlib.base.shown import safe_text, shown

_OPTIONAL = (str, type(None))
_REQUIRED: Mapping[str, tuple[type, ...]] = {
    "rule": _OPTIONAL,
    "case": (str,),
    "target": (str,),
    "verdict": (str,),
}
_EXTRA: Mapping[str, tuple[type, ...]] = {
    "seed": (int,),
    "ms": (int, float),
    "model": _OPTIONAL,
    "reason": _OPTIONAL,
}


def record(verdict: Verdict) -> dict[str, Any]:
    """A verdict as its line: `body` where it did not pass, `model` and `reason` where there is one."""
    line: dict[str, Any] = {
        "rule": verdict.rule,
        "case": verdict.case,
        "target": verdict.target,
        "verdict": verdict.verdict,
        "expected": {"accepted": verdict.expected.accepted, "rules": list(verdict.expected.rules)},
        "observed": _observed(verdict.observed),
    }
    if verdict.verdict != "pass":
        line["body"] = verdict.body
    line |= {"seed": verdict.seed, "ms": verdict.ms}
    line |= {"model": verdict.model} if verdict.model else {}
    return line | ({"reason": verdict.reason} if verdict.reason else {})


def _observed(seen: Observation) -> dict[str, Any]:
    if seen.error is not None:
        return {"error": readable(safe_text(seen.error))}
    return {"accepted": seen.accepted, "rules": list(seen.rules)}


def written(value: Mapping[str, Any]) -> str:
    """One line of a log, in ASCII: no reader can take a character of a body for the end of a line."""
    return json.dumps(value, separators=(",", ":")) + "\n"


def verdict_of(line: Mapping[str, Any]) -> Verdict:
    """The verdict of a parsed line. ValueError says what is wrong with it and what was expected."""
    fault = next(_faults(line), None)
    if fault:
        raise ValueError(fault)
    due, seen = line["expected"], line["observed"]
    return Verdict(
        rule=line["rule"],
        case=line["case"],
        target=line["target"],
        verdict=line["verdict"],
        expected=Answer(due["accepted"], tuple(due["rules"])),
        observed=Observation(seen.get("accepted"), tuple(seen.get("rules", ())), seen.get("error")),
        body=line.get("body"),
        seed=line.get("seed", 0),
        ms=line.get("ms", 0.0),
        model=line.get("model"),
        reason=line.get("reason"),
    )


def _faults(line: Mapping[str, Any]) -> Iterator[str]:
    for name, types in (*_REQUIRED.items(), *_EXTRA.items()):
        if (name in line or name in _REQUIRED) and not isinstance(line.get(name, ...), types):
            due = " or ".join("null" if each is type(None) else each.__name__ for each in types)
            yield f"{name} is {shown(line[name]) if name in line else 'missing'}, expected {due}"
    if line.get("verdict") not in VERDICTS:
        yield f"verdict is {shown(line.get('verdict'))}, expected one of {', '.join(VERDICTS)}"
    for name in ("expected", "observed"):
        if not _is_answer(line.get(name), failed=name == "observed"):
            yield f"{name} is {shown(line.get(name))}, expected accepted and rules"


def _is_answer(value: Any, failed: bool) -> bool:
    if not isinstance(value, dict):
        return False
    if failed and set(value) == {"error"}:
        return isinstance(value["error"], str)
    rules = value.get("rules")
    named = isinstance(rules, list) and all(isinstance(rule, str) for rule in rules)
    return named and isinstance(value.get("accepted", ...), bool | None)
