"""Infer a record of traffic from requests and answers that were not recorded by the service itself.

The books are inferred: a job is what an answer confirmed, its pictures are the links that an answer had. What
no answer confirmed is not known, so rules that need the books are not judged.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from wanlib.base.redaction import redact_text
from wanlib.base.wire_names import WireNames, read_names
from wanlib.conduct.record import (
    PICTURE_CALL,
    RecordedExchange,
    RecordedJob,
    Recorder,
    TrafficRecord,
    intent_fingerprint,
)
from wanlib.emulator import Request
from wanlib.emulator.core.routes import Routes
from wanlib.emulator.recording import KeyHeader
from wanlib.spec import Spec

_MAX_PATH = 200
_NEVER = float("inf")
_RETRY_AFTER = "retry-after"


class SeenExchange(NamedTuple):
    """A request and its answer, as a recording has them.

    Attributes:
        at: Seconds since 1970.
        method: The HTTP method.
        url: The URL or the target, with its query if the recording has it.
        headers: The headers of the request by names in lower case; None if the recording has none.
        body: The identity of the body: the body itself, or a digest.
        status: The HTTP status; 0 if no answer came.
        answers: The JSON values of the answer: one, or one for each event of a stream.
        answer_headers: The headers of the answer by names in lower case.
    """

    at: float
    method: str
    url: str
    headers: Mapping[str, str] | None
    body: bytes
    status: int
    answers: tuple[Any, ...]
    answer_headers: Mapping[str, str]


def infer_record(seen: Sequence[SeenExchange], spec: Spec) -> TrafficRecord:
    """Return the record of a sequence of exchanges.

    Args:
        seen: The exchanges, in the order of their requests.
        spec: The paths and names of the API.
    """
    return _Inference(spec).record(seen)


class _Inference:
    """Collects what the answers confirm."""

    def __init__(self, spec: Spec) -> None:
        self._routes = Routes(spec)
        self._names: WireNames = read_names(spec.service["names"])
        self._keys = KeyHeader(spec)
        self._succeeded: str = spec.task["outcomes"]["succeeded"]
        self._ends = frozenset(spec.task["outcomes"].values())
        self._recorder = Recorder(1, 1)
        self._jobs: dict[str, RecordedJob] = {}
        self._pictures: dict[str, tuple[str, int]] = {}  # by URL without query, and by path alone

    def record(self, seen: Sequence[SeenExchange]) -> TrafficRecord:
        ordered = sorted(seen, key=lambda exchange: exchange.at)
        exchanges = [recorded for exchange in ordered for recorded in self._exchange(exchange)]
        numbered = tuple(exchange._replace(number=number) for number, exchange in enumerate(exchanges, 1))
        has_keys = any(exchange.key for exchange in numbered)
        until = ordered[-1].at if ordered else 0.0
        return TrafficRecord(numbered, tuple(self._jobs.values()), until, has_books=False, has_keys=has_keys)

    def _exchange(self, seen: SeenExchange) -> Iterator[RecordedExchange]:
        """Yield the record of an exchange; nothing for one that is not about the API or its pictures."""
        parts = urlsplit(seen.url)
        route = self._routes.find(Request(seen.method, parts.path, seen.headers or {}))
        place = _without_query(seen.url)
        raw_key = self._keys.key(Request(seen.method, seen.url, seen.headers or {}))
        if raw_key:
            self._recorder.note_key(raw_key)
        base = RecordedExchange(
            number=0,
            at=seen.at,
            call=route.call if route else "",
            method=seen.method,
            path=redact_text(parts.path)[:_MAX_PATH],
            status=seen.status,
            key=self._recorder.note_key(raw_key) if raw_key else "",
            is_lost=not seen.status,
            retry_after=_seconds(seen.answer_headers.get(_RETRY_AFTER, "")),
            has_key_in_url=any(self._recorder.is_known_key(value) for _, value in parse_qsl(parts.query)),
        )
        if place in self._pictures:
            task, picture = self._pictures[place]
            yield base._replace(call=PICTURE_CALL, task=task, picture=picture)
        elif route is not None:
            yield self._api_exchange(seen, base, route.name, is_create=bool(route.create_calls))

    def _api_exchange(
        self, seen: SeenExchange, base: RecordedExchange, name: str, *, is_create: bool
    ) -> RecordedExchange:
        names = self._names
        bodies = [answer for answer in seen.answers if isinstance(answer, dict)]
        outputs = _dicts([body.get(names.answer.output) for body in bodies])
        code = _first_text(body.get(names.answer.code) for body in bodies)
        task = name or _first_text(output.get(names.task.id) for output in outputs)
        state = _first_text(output.get(names.task.status) for output in outputs)
        links = [link for output in outputs for link in answer_links(names, output)]
        exchange = base._replace(code=code, task=task, state=state)
        if is_create:
            exchange = exchange._replace(intent=intent_fingerprint(seen.body))
            if seen.status == 200 and (task or links):
                request_id = _first_text(body.get(names.answer.request_id) for body in bodies)
                job_id = task or request_id or f"call {len(self._jobs) + 1}"
                exchange = exchange._replace(task=job_id, jobs=(job_id,))
                end = _NEVER if task else seen.at
                self._jobs[job_id] = RecordedJob(job_id, bool(task), "", seen.at, end, self._succeeded, 0)
        self._note_end(exchange, links)
        return exchange

    def _note_end(self, exchange: RecordedExchange, links: list[str]) -> None:
        """Note the pictures and the end that an answer states."""
        job = self._jobs.get(exchange.task)
        if job is None:
            return
        if links:
            for number, link in enumerate(links):
                self._pictures[_without_query(link)] = self._pictures[urlsplit(link).path] = job.id, number
            job = job._replace(pictures=len(links), ended=min(job.ended, exchange.at))
        elif exchange.state in self._ends:
            job = job._replace(end=exchange.state, ended=min(job.ended, exchange.at))
        self._jobs[job.id] = job


def answer_links(names: WireNames, output: Mapping[str, Any]) -> Iterator[str]:
    """Yield the links of the pictures in the output of an answer, in either form."""
    for result in _dicts(output.get(names.result.results)):
        if link := _text(result.get(names.result.url)):
            yield link
    for choice in _dicts(output.get(names.choice.choices)):
        message = choice.get(names.choice.message)
        for part in _dicts(message.get(names.choice.content) if isinstance(message, dict) else None):
            if link := _text(part.get(names.choice.image)):
                yield link


def parse_answers(text: str, content_type: str) -> tuple[Any, ...]:
    """Return the JSON values of an answer: of each event of a stream, or of the body if it is JSON."""
    texts = [text]
    if "event-stream" in content_type:
        texts = [line.partition(":")[2] for line in text.splitlines() if line.startswith("data:")]
    answers = []
    for item in texts:
        try:
            answers.append(json.loads(item))
        except (ValueError, RecursionError):
            continue
    return tuple(answers)


def _without_query(url: str) -> str:
    return url.partition("?")[0]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _first_text(values: Iterable[Any]) -> str:
    """Return the first text that is not empty, such as the code of the one event of a stream that has one."""
    return next((text for value in values if (text := _text(value))), "")


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _seconds(header: str) -> float | None:
    return float(header) if header.isascii() and header.isdecimal() and len(header) < 7 else None
