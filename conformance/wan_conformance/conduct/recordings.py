"""Read recorded traffic: HAR files, cassettes, reports of `wanlib serve`, and journals of the client.

The format is recognized by the content. A recording becomes a `TrafficRecord`; its `rules` are those that the
format contains evidence about.
"""

import json
import sqlite3
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from wan_conformance.conduct.inference import SeenExchange, infer_record, parse_answers
from wanlib.base.redaction import redact_text, safe_repr
from wanlib.client.journal.entry import COLUMNS, Entry, entry_from_row
from wanlib.conduct.record import PICTURE_CALL, RecordedExchange, RecordedJob, TrafficRecord
from wanlib.conduct.report_file import FORMAT, RecordError, read_report
from wanlib.conduct.rules import RULES
from wanlib.input_error import InputError
from wanlib.spec import Spec

_SQLITE = b"SQLite format 3\x00"
_JOURNAL_RULES = ("client/never-pays-twice", "client/fetches-what-it-paid-for", "client/leaves-no-task")
_NEVER = float("inf")
_DAMAGES = (RecordError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError)
"""The exceptions for a file whose values do not match its format."""


class Recording(NamedTuple):
    """Recorded traffic.

    Attributes:
        kind: What it is: `HAR`, `cassette`, `report` or `journal`.
        record: The record.
        rules: The rules that its format contains evidence about.
    """

    kind: str
    record: TrafficRecord
    rules: tuple[str, ...] = tuple(RULES)


class RecordingError(InputError, ValueError):
    """A file is not a recording that can be read; the message says why."""


def read_recording(path: Path, spec: Spec) -> Recording:
    """Read a recording of any known format.

    Args:
        path: The file.
        spec: The paths and names of the API.

    Raises:
        RecordingError: It has none of the formats, or is damaged.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        is_database = file.read(len(_SQLITE)) == _SQLITE
    try:
        if is_database:
            return Recording("journal", _journal_record(path, spec), _JOURNAL_RULES)
        return _text_recording(path.read_text("utf-8-sig"), spec)
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from None
    except _DAMAGES as error:
        raise RecordingError(f"{path}: damaged, or not a recording ({_damage(error)})") from None


def _damage(error: Exception) -> str:
    """Return the problem of a file in words."""
    match error:
        case UnicodeDecodeError():
            return "it is not UTF-8 text"
        case KeyError(args=(name, *_)):
            return f"the member {safe_repr(name)} is missing"
        case ValueError():
            return redact_text(str(error))
        case TypeError() | AttributeError():
            return "a value has another type"
    return "a value is out of range, or nested too deeply"


def _text_recording(text: str, spec: Spec) -> Recording:
    first = text.lstrip().partition("\n")[0]
    header = _parse(first) if first.rstrip().endswith("}") else None
    if isinstance(header, dict) and "cassette" in header:
        return Recording("cassette", infer_record([*_cassette(text)], spec))
    value = _parse(text)
    if isinstance(value, dict) and value.get("format") == FORMAT:
        return Recording("report", read_report(value))
    if isinstance(value, dict) and isinstance(value.get("log"), dict):
        return Recording("HAR", infer_record([*map(_har_entry, value["log"]["entries"])], spec))
    raise RecordingError("neither a HAR file, a cassette, a report of `wanlib serve --report` nor a journal")


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _har_entry(entry: Mapping[str, Any]) -> SeenExchange:
    """Read an entry of HAR 1.2."""
    request, response = entry["request"], entry["response"]
    content = response.get("content") or {}
    text = content.get("text") or ""
    if content.get("encoding") == "base64":
        text = b64decode(text).decode("utf-8", "replace")
    headers = _har_headers(response)
    at = datetime.fromisoformat(entry["startedDateTime"])
    if at.tzinfo is None:
        raise RecordingError("a time of the HAR file has no time zone")
    return SeenExchange(
        at.timestamp(),
        request["method"].upper(),
        request["url"],
        _har_headers(request),
        ((request.get("postData") or {}).get("text") or "").encode("utf-8", "surrogatepass"),
        max(0, int(response["status"])),
        parse_answers(text, headers.get("content-type", "")),
        headers,
    )


def _har_headers(message: Mapping[str, Any]) -> dict[str, str]:
    return {header["name"].lower(): header["value"] for header in message.get("headers", ())}


def _cassette(text: str) -> Iterator[SeenExchange]:
    """Read the exchanges of a cassette: it has no header of a request, and of the body a digest."""
    for line in text.splitlines()[1:]:
        row = json.loads(line)
        request, response = row["request"], row.get("response", {})
        answers = (response["json"],) if "json" in response else ()
        yield SeenExchange(
            float(row["at"]),
            request["method"],
            request["path"],
            None,
            request["digest"].encode(),
            int(response.get("status", 0)),
            answers,
            {name.lower(): value for name, value in response.get("headers", {}).items()},
        )


def _journal_record(path: Path, spec: Spec) -> TrafficRecord:
    """Read a journal without changing it: the calls, their ends, and what was saved."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(f"SELECT {COLUMNS} FROM entry ORDER BY key").fetchall()
    except sqlite3.Error as error:
        raise RecordingError(f"not a journal of the client ({error})") from None
    entries = [entry_from_row(row) for row in rows]
    exchanges = [exchange for entry in entries for exchange in _entry_exchanges(entry)]
    exchanges.sort(key=lambda exchange: exchange.at)
    numbered = tuple(exchange._replace(number=number) for number, exchange in enumerate(exchanges, 1))
    succeeded: str = spec.task["outcomes"]["succeeded"]
    jobs = tuple(_entry_job(entry, succeeded) for entry in entries if _is_accepted(entry))
    until = max((exchange.at for exchange in numbered), default=0.0)
    return TrafficRecord(numbered, jobs, until, has_books=False, has_keys=False)


def _is_accepted(entry: Entry) -> bool:
    return entry.task_id is not None or entry.accepted_at is not None


def _entry_exchanges(entry: Entry) -> Iterator[RecordedExchange]:
    """Yield the exchanges that an entry is evidence of."""
    job = _entry_id(entry)
    is_accepted, is_refused = _is_accepted(entry), entry.ended_at is not None and not _is_accepted(entry)
    status = 200 if is_accepted else 400 if is_refused else 0
    yield RecordedExchange(
        number=0,
        at=entry.sent_at,
        call=entry.call,
        method="POST",
        path="",
        status=status,
        task=job if is_accepted else "",
        intent=entry.digest,
        jobs=(job,) if is_accepted else (),
        is_lost=status == 0,
    )
    if entry.task_id is not None and entry.ended_at is not None:
        yield RecordedExchange(0, entry.ended_at, "query", "GET", "", 200, task=job, state=entry.status or "")
    if entry.saved_at is not None:
        for number in range(len(entry.paths)):
            yield RecordedExchange(0, entry.saved_at, PICTURE_CALL, "GET", "", 200, task=job, picture=number)


def _entry_job(entry: Entry, succeeded: str) -> RecordedJob:
    has_pictures = entry.links_expire_at is not None or bool(entry.paths)
    return RecordedJob(
        _entry_id(entry),
        entry.task_id is not None,
        entry.model,
        entry.sent_at,
        _NEVER if entry.ended_at is None else entry.ended_at,
        entry.status or succeeded,
        len(entry.paths) or (entry.pictures if has_pictures else 0),
        _NEVER if entry.links_expire_at is None else entry.links_expire_at,
    )


def _entry_id(entry: Entry) -> str:
    return entry.task_id or f"entry {entry.key}"
