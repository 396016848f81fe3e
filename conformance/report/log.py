"""The verdict log: JSON Lines, the run first, then one verdict a line."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.model import Verdict
from conformance.report.line import record, verdict_of, written
from wanlib.base.shown import shown

MOST_BYTES = 400 * 1_048_576


class LogError(ValueError):
    """A log can't be read: `file:line: what, expected what`."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log in memory. run: its first line, empty for a baseline, which has none."""

    run: Mapping[str, Any]
    verdicts: tuple[Verdict, ...]


def write_log(path: Path, run: Mapping[str, Any], verdicts: Iterable[Verdict]) -> None:
    """Writes each verdict as it comes, so that a broken run leaves what it had found."""
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(written({"run": run}))
        for verdict in verdicts:
            file.write(written(record(verdict)))


def read_log(path: Path) -> Log:
    """The log in a file. Raises LogError with the file and line of the first thing wrong in it."""
    run: Mapping[str, Any] = {}
    verdicts: list[Verdict] = []
    for number, text in enumerate(_lines(path), 1):
        try:
            value = _object(text)
            if number == 1 and "run" in value:
                run = _run(value["run"])
            else:
                verdicts.append(verdict_of(value))
        except ValueError as error:
            raise LogError(f"{path}:{number}: {error}") from None
    return Log(run, tuple(verdicts))


def _lines(path: Path) -> Iterator[str]:
    expected = "expected a verdict log (JSON Lines)"
    try:
        if not path.is_file():
            raise LogError(f"{path}: is {'no file' if not path.exists() else 'no regular file'}, {expected}")
        if path.stat().st_size > MOST_BYTES:
            raise LogError(f"{path}: has more than {MOST_BYTES:,} bytes, {expected}")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise LogError(f"{path}: can't be read ({error.strerror}), {expected}") from None
    except UnicodeDecodeError as error:
        raise LogError(f"{path}: byte {error.start} is not UTF-8, {expected}") from None
    if not text.strip():
        raise LogError(f"{path}: is empty, {expected}")
    yield from text.removesuffix("\n").split("\n")


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({error.msg} at column {error.colno}), expected an object") from None
    except RecursionError:
        raise ValueError("is nested too deeply, expected an object of a few levels") from None
    if not isinstance(value, dict):
        raise ValueError(f"is {shown(value)}, expected an object")
    return value


def _run(value: Any) -> dict[str, Any]:
    """The first line's value; what the reports read of it must have the right shape."""
    if not isinstance(value, dict):
        raise ValueError(f"run is {shown(value)}, expected an object")
    for name in ("targets", "models"):
        if not _texts(value.get(name, [])):
            raise ValueError(f"run.{name} is {shown(value[name])}, expected a list of names")
    families = value.get("families", {})
    if not isinstance(families, dict) or not all(map(_texts, families.values())):
        raise ValueError(f"run.families is {shown(families)}, expected lists of models by name")
    rules = value.get("rules", {})
    if not isinstance(rules, dict) or not all(isinstance(rule, dict) for rule in rules.values()):
        raise ValueError(f"run.rules is {shown(rules)}, expected an object of objects")
    if not _texts([word for rule in rules.values() for word in rule.values()]):
        raise ValueError(f"run.rules is {shown(rules)}, expected limit and outcome of each rule")
    return value


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
