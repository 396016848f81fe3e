"""The verdict log: JSON Lines, the run first, then one verdict per line."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from wan_conformance.gates import parse_gate
from wan_conformance.model import (
    VERDICTS,
    ExpectedAnswer,
    Observation,
    Reproduction,
    ServerAnswer,
    SizePoint,
    Verdict,
)
from wan_conformance.report.run_facts import fact_problems
from wan_conformance.selection import selection_from_json
from wanlib.base.redaction import escape_surrogates, safe_repr, without_secrets
from wanlib.input_error import InputError

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
    "place": _OPTIONAL,
    "is_smallest": (bool,),
}


_MAX_ERROR = 300
"""Maximum length of an error text."""


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as its line: body and response unless it passed; optional members if they are set."""
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
        line |= {"answer": asdict(verdict.observed.answer)} if verdict.observed.answer else {}
    line |= {"seed": verdict.seed, "ms": verdict.ms}
    line |= {"model": verdict.model} if verdict.model else {}
    line |= {"place": verdict.place} if verdict.place else {}
    line |= {"states": list(verdict.observed.states)} if verdict.observed.states else {}
    line |= {"size": list(astuple(verdict.size))} if verdict.size else {}
    line |= {} if verdict.is_smallest else {"is_smallest": False}
    line |= {"reproduction": asdict(verdict.reproduction)} if verdict.reproduction else {}
    return line | ({"reason": verdict.reason} if verdict.reason else {})


def _observed(observation: Observation) -> dict[str, Any]:
    if observation.error is not None:
        text = without_secrets(observation.error)
        cut = text if len(text) <= _MAX_ERROR else text[: _MAX_ERROR - 1] + "…"
        return {"error": escape_surrogates(cut)}
    return {"accepted": observation.accepted, "rules": list(observation.rules)}


def dump_line(value: Mapping[str, Any]) -> str:
    """Return one line of a log, in ASCII, so that no reader mistakes a character of a body for a line end."""
    return json.dumps(value, separators=(",", ":")) + "\n"


def verdict_from_json(line: Mapping[str, Any]) -> Verdict:
    """Return the verdict of a parsed line.

    Raises:
        ValueError: The line is invalid; the message states the problem and what is expected.
    """
    problem = next(_problems(line), None)
    if problem:
        raise ValueError(problem)
    expected, observed = line["expected"], line["observed"]
    return Verdict(
        rule=line["rule"],
        case=line["case"],
        target=line["target"],
        verdict=line["verdict"],
        expected=ExpectedAnswer(expected["accepted"], tuple(expected["rules"])),
        observed=Observation(
            observed.get("accepted"),
            tuple(observed.get("rules", ())),
            observed.get("error"),
            answer=ServerAnswer(**line["answer"]) if line.get("answer") else None,
            states=tuple(line.get("states", ())),
        ),
        body=line.get("body"),
        seed=line.get("seed", 0),
        ms=line.get("ms", 0.0),
        model=line.get("model"),
        reason=line.get("reason"),
        place=line.get("place"),
        reproduction=_reproduction(line.get("reproduction")),
        size=SizePoint(*line["size"]) if line.get("size") else None,
        is_smallest=line.get("is_smallest", True),
    )


def _reproduction(value: Mapping[str, Any] | None) -> Reproduction | None:
    if value is None:
        return None
    return Reproduction(value["call"], tuple(value["violates"]), value["template"])


def _problems(line: Mapping[str, Any]) -> Iterator[str]:
    for name, types in (*_REQUIRED.items(), *_EXTRA.items()):
        if (name in line or name in _REQUIRED) and not isinstance(line.get(name, ...), types):
            expected = " or ".join("null" if type_ is type(None) else type_.__name__ for type_ in types)
            yield f"{name} is {safe_repr(line[name]) if name in line else 'missing'}, expected {expected}"
    if line.get("verdict") not in VERDICTS:
        yield f"verdict is {safe_repr(line.get('verdict'))}, expected one of {', '.join(VERDICTS)}"
    for name in ("expected", "observed"):
        if not _is_answer(line.get(name), may_be_error=name == "observed"):
            yield f"{name} is {safe_repr(line.get(name))}, expected accepted and rules"
    for name, (is_valid, expected) in _OPTIONAL_MEMBERS.items():
        if name in line and not is_valid(line[name]):
            yield f"{name} is {safe_repr(line[name])}, expected {expected}"


def _is_server_answer(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"status", "code", "message", "request_id"}:
        return False
    texts = [text for name, text in value.items() if name != "status"]
    return type(value["status"]) is int and all(isinstance(text, _OPTIONAL) for text in texts)


def _is_reproduction(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"call", "violates", "template"}
        and isinstance(value["call"], _OPTIONAL)
        and _is_text_list(value["violates"])
    )


def _is_size(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(type(part) is int for part in value)


def _is_answer(value: Any, may_be_error: bool) -> bool:
    if not isinstance(value, dict):
        return False
    if may_be_error and set(value) == {"error"}:
        return isinstance(value["error"], str)
    return _is_text_list(value.get("rules")) and isinstance(value.get("accepted", ...), bool | None)


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_OPTIONAL_MEMBERS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "answer": (_is_server_answer, "status, code, message and request_id"),
    "states": (_is_text_list, "a list of states"),
    "size": (_is_size, "the index of an area, a width and a height"),
    "reproduction": (_is_reproduction, "call, violates and template"),
}

MAX_BYTES = 400 * 1_048_576


class VerdictLogError(InputError, ValueError):
    """A log cannot be read: `file:line: problem, expected ...`."""


@dataclass(frozen=True, slots=True)
class VerdictLog:
    """A log in memory.

    Attributes:
        run: Its first line; of a baseline the limits and facts alone.
        verdicts: The verdicts in their order.
    """

    run: Mapping[str, Any]
    verdicts: tuple[Verdict, ...]


def write_log(path: Path, run: Mapping[str, Any], verdicts: Iterable[Verdict]) -> None:
    """Write each verdict as it arrives, so that an interrupted run leaves a partial log.

    Args:
        path: The file to write.
        run: The first line.
        verdicts: The verdicts; consumed one by one.
    """
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(dump_line({"run": run}))
        for verdict in verdicts:
            file.write(dump_line(verdict_to_json(verdict)))


def read_log(path: Path) -> VerdictLog:
    """Return the log in a file.

    Raises:
        VerdictLogError: It has a problem; the message describes the first one, with file and line.
    """
    run: Mapping[str, Any] = {}
    verdicts: list[Verdict] = []
    for number, text in enumerate(_lines(path), 1):
        try:
            value = _object(text)
            if number == 1 and "run" in value:
                run = _run(value["run"])
            else:
                verdicts.append(verdict_from_json(value))
        except ValueError as error:
            raise VerdictLogError(f"{path}:{number}: {error}") from None
    return VerdictLog(run, tuple(verdicts))


def _lines(path: Path) -> Iterator[str]:
    expected = "expected a verdict log (JSON Lines)"
    try:
        if not path.is_file():
            raise VerdictLogError(
                f"{path}: {'does not exist' if not path.exists() else 'is not a regular file'}, {expected}"
            )
        if path.stat().st_size > MAX_BYTES:
            raise VerdictLogError(f"{path}: has more than {MAX_BYTES:,} bytes, {expected}")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise VerdictLogError(f"{path}: can't be read ({error.strerror}), {expected}") from None
    except UnicodeDecodeError as error:
        raise VerdictLogError(f"{path}: byte {error.start} is not UTF-8, {expected}") from None
    if not text.strip():
        raise VerdictLogError(f"{path}: is empty, {expected}")
    yield from text.removesuffix("\n").split("\n")


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({error.msg} at column {error.colno}), expected an object") from None
    except RecursionError:
        raise ValueError("is nested too deeply, expected an object of a few levels") from None
    if not isinstance(value, dict):
        raise ValueError(f"is {safe_repr(value)}, expected an object")
    return value


def _run(value: Any) -> dict[str, Any]:
    """Return the first line's value after checking the shape of the members that reports read."""
    if not isinstance(value, dict):
        raise ValueError(f"run is {safe_repr(value)}, expected an object")
    for name in ("targets", "models"):
        if not _is_text_list(value.get(name, [])):
            raise ValueError(f"run.{name} is {safe_repr(value[name])}, expected a list of names")
    families = value.get("families", {})
    if not isinstance(families, dict) or not all(map(_is_text_list, families.values())):
        raise ValueError(f"run.families is {safe_repr(families)}, expected lists of models by name")
    rules = value.get("rules", {})
    if not isinstance(rules, dict) or not all(isinstance(rule, dict) for rule in rules.values()):
        raise ValueError(f"run.rules is {safe_repr(rules)}, expected an object of objects")
    numbers = [rule["number"] for rule in rules.values() if "number" in rule]
    words = [word for rule in rules.values() for name, word in rule.items() if name != "number"]
    if not _is_text_list(words) or not all(type(number) in (int, float) for number in numbers):
        raise ValueError(f"run.rules is {safe_repr(rules)}, expected limit, outcome and number of each rule")
    if not isinstance(value.get("facts", {}), dict):
        raise ValueError(f"run.facts is {safe_repr(value['facts'])}, expected an object")
    for problem in fact_problems(value):
        raise ValueError(problem)
    selection_from_json(value.get("covers", {}))
    gates = value.get("gates", [])
    if not isinstance(gates, list):
        raise ValueError(f"run.gates is {safe_repr(gates)}, expected a list of gates")
    for gate in gates:
        parse_gate(gate)
    missing = value.get("not_implemented", {})
    if not isinstance(missing, dict) or not all(map(_is_text_list, missing.values())):
        raise ValueError(f"run.not_implemented is {safe_repr(missing)}, expected lists of rules by target")
    return value
