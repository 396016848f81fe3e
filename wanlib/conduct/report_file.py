"""The file of `wanlib serve --report`: the record of a service, and the verdicts on its clients.

One JSON object: `format` names the version, `record` has the exchanges and jobs, `verdicts` has the verdicts
of `judge`. `read_report` reads the record, so that it can be judged again. A time that is not decided is
null.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.conduct.judge import ConductReport
from wanlib.conduct.record import RecordedExchange, RecordedJob, TrafficRecord

FORMAT = "wanlib-conduct-1"
"""The value of `format`."""
_NEVER = float("inf")
_NUMBER = (int, float)
_MAX_TIME = 253_402_214_400
"""Seconds since 1970 of the last day that a date can represent."""
_OPTIONAL_NUMBERS = ("picture", "retry_after", "since")
_UNDECIDED = ("ended", "links_expire_at")


class RecordError(ValueError):
    """A text is not a record; the message states the problem."""


def report_to_json(record: TrafficRecord, report: ConductReport) -> dict[str, Any]:
    """Return a record and its verdicts as JSON values."""
    return {"format": FORMAT, "verdicts": report.to_json(), "record": record_to_json(record)}


def record_to_json(record: TrafficRecord) -> dict[str, Any]:
    """Return a record as JSON values."""
    exchanges = [exchange._asdict() for exchange in record.exchanges]
    jobs = [{name: _finite(value) for name, value in job._asdict().items()} for job in record.jobs]
    return record._asdict() | {"exchanges": exchanges, "jobs": jobs}


def write_report(path: Path, record: TrafficRecord, report: ConductReport) -> None:
    """Write a report: as text if the name of the file ends with `.txt`, else as JSON.

    Raises:
        OSError: The file cannot be written.
    """
    if path.suffix == ".txt":
        path.write_text("".join(f"{line}\n" for line in report.lines()), "utf-8", "backslashreplace")
    else:
        path.write_text(json.dumps(report_to_json(record, report), indent=1) + "\n", "utf-8")


def read_report(value: Any) -> TrafficRecord:
    """Return the record in a report.

    Args:
        value: The JSON value of the file.

    Raises:
        RecordError: It is not a report.
    """
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise RecordError(f"the member 'format' is not '{FORMAT}'")
    record = value.get("record")
    if not isinstance(record, dict):
        raise RecordError("the member 'record' is not an object")
    exchanges = tuple(_read(RecordedExchange, item, "exchanges") for item in _items(record, "exchanges"))
    jobs = tuple(_read(RecordedJob, item, "jobs") for item in _items(record, "jobs"))
    read: TrafficRecord = _read(TrafficRecord, record | {"exchanges": (), "jobs": ()}, "record")
    return read._replace(exchanges=exchanges, jobs=jobs)


def _items(record: Mapping[str, Any], name: str) -> list[Any]:
    items = record.get(name)
    if not isinstance(items, list):
        raise RecordError(f"the member '{name}' is not a list")
    return items


def _read(kind: Any, value: Any, place: str) -> Any:
    """Return a named tuple from its JSON object."""
    if not isinstance(value, dict) or value.keys() != set(kind._fields):
        raise RecordError(f"{place}: expected an object with the members {', '.join(kind._fields)}")
    return kind(**{name: _member(kind, name, member, place) for name, member in value.items()})


def _member(kind: Any, name: str, value: Any, place: str) -> Any:
    expected = kind.__annotations__[name]
    if value is None and name in _UNDECIDED:
        return _NEVER
    if value is None and name in _OPTIONAL_NUMBERS:
        return None
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        is_right, value = name in ("jobs", "exchanges"), tuple(value)
    elif expected in (str, bool, int):
        is_right = type(value) is expected
    else:
        is_right = isinstance(value, _NUMBER) and not isinstance(value, bool) and 0 <= value < _MAX_TIME
    if not is_right:
        raise RecordError(f"{place}: {name} is {safe_repr(value)}, which is not of its type")
    return value


def _finite(value: Any) -> Any:
    return None if value == _NEVER else value
