"""The record of a service about its clients: exchanges, accepted jobs, and the bounds of the record.

`Recorder` collects while a service runs; `TrafficRecord` is a snapshot of it. A record
has no key, no URL with a query, no prompt and no image: only fingerprints of keys and bodies.
"""

import hashlib
import json
from collections import OrderedDict, deque
from typing import Any, NamedTuple

FINGERPRINT_LENGTH = 12
"""Hexadecimal digits of a fingerprint."""
PICTURE_CALL = "result"
"""The call of an exchange that fetches a picture."""
UPLOAD_CALL = "store"
"""The call of an exchange that uploads a file."""
_MAX_NORMALIZED = 65536
_NEVER = float("inf")


class RecordedExchange(NamedTuple):
    """A request and its response.

    Attributes:
        number: Counts from 1, in the order of responses.
        at: Seconds since 1970.
        call: A call of `wire.yaml`, `PICTURE_CALL` or `UPLOAD_CALL`; "" for none of them.
        method: The HTTP method.
        path: The path without its query, at most 200 characters.
        status: The HTTP status; 0 if no status line was sent.
        code: The error code of the response, "" for none.
        task: The task that the request or the response is about, "" for none.
        state: The state of the task in the response, "" for none.
        picture: The number of the picture that is fetched, from 0; None for other calls.
        key: The fingerprint of the API key, "" if the request has none.
        intent: The fingerprint of what a create asks for, "" for other calls.
        jobs: The ids of the jobs that the service accepted because of it.
        is_lost: Whether the client cannot have received the complete response.
        retry_after: The seconds of the header Retry-After; None without one.
        has_key_in_url: Whether the URL contains an API key.
        rules: The violated rules of the spec with their outcomes, as in the header `x-wan-rules`.
        fault: The kind of the injected fault, "" for none.
        request_id: The id in the response, "" for none.
    """

    number: int
    at: float
    call: str
    method: str
    path: str
    status: int
    code: str = ""
    task: str = ""
    state: str = ""
    picture: int | None = None
    key: str = ""
    intent: str = ""
    jobs: tuple[str, ...] = ()
    is_lost: bool = False
    retry_after: float | None = None
    has_key_in_url: bool = False
    rules: str = ""
    fault: str = ""
    request_id: str = ""


class RecordedJob(NamedTuple):
    """A job that the service accepted.

    Attributes:
        id: The id of the task; of a call without a task, the service's own.
        is_task: Whether it can be queried.
        model: The model.
        submitted: When it was accepted, in seconds since 1970.
        ended: When it ends; infinite while that is undecided.
        end: The state in which it ends.
        pictures: How many pictures it makes.
        links_expire_at: When the links to its pictures expire.
        price: The price of its pictures in decimal notation, "" if it is not known.
    """

    id: str
    is_task: bool
    model: str
    submitted: float
    ended: float
    end: str
    pictures: int
    links_expire_at: float = _NEVER
    price: str = ""


class TrafficRecord(NamedTuple):
    """The record up to one moment.

    Attributes:
        exchanges: The exchanges, oldest first.
        jobs: The accepted jobs, oldest first.
        until: The moment, in seconds since 1970.
        since: Earlier jobs are not complete in the record; None if nothing was dropped.
        has_books: Whether `jobs` is what the service accepted; False if it was inferred from the responses.
        is_over: Whether the clients have ended: they will not do what they have not done.
        has_keys: Whether requests were recorded with their headers.
    """

    exchanges: tuple[RecordedExchange, ...]
    jobs: tuple[RecordedJob, ...]
    until: float
    since: float | None = None
    has_books: bool = True
    is_over: bool = True
    has_keys: bool = True


class Recorder:
    """Collects exchanges and jobs, and drops the oldest ones beyond its bounds.

    Not safe for several threads at once: the service calls it under its own lock.

    Attributes:
        exchanges: The newest exchanges, oldest first.
    """

    def __init__(self, max_exchanges: int, max_jobs: int) -> None:
        """Create an empty recorder; it keeps at most `max_exchanges` and `max_jobs`."""
        self.exchanges: deque[RecordedExchange] = deque(maxlen=max_exchanges)
        self._jobs: OrderedDict[str, RecordedJob] = OrderedDict()
        self._max_jobs = max_jobs
        self._accepted: list[RecordedJob] = []
        self._since: float | None = None
        self._key_fingerprints: OrderedDict[str, None] = OrderedDict()
        self._last_key = "", ""  # most clients send the same one again and again

    def accept(self, job: RecordedJob) -> None:
        """Note a job; it belongs to the exchange that is recorded next."""
        self._accepted.append(job)

    def update(self, job: RecordedJob) -> None:
        """Note that a job ends in another way than planned when it was accepted."""
        if job.id in self._jobs:
            self._jobs[job.id] = job

    def discard(self) -> None:
        """Forget the jobs of an exchange that failed and was undone."""
        self._accepted.clear()

    def next_number(self) -> int:
        """Return the number of the exchange that is recorded next."""
        return self.exchanges[-1].number + 1 if self.exchanges else 1

    def take_jobs(self, foreign_jobs: int = 0) -> tuple[str, ...]:
        """Record the jobs of the exchange that is recorded next, and return their ids.

        Args:
            foreign_jobs: How many of the accepted jobs, the first ones, belong to another client.
        """
        if not self._accepted:
            return ()
        accepted, self._accepted = self._accepted[foreign_jobs:], []
        for job in accepted:
            self._jobs[job.id] = job
        while len(self._jobs) > self._max_jobs:
            self._jobs.popitem(last=False)
        return tuple(job.id for job in accepted)

    def add(self, exchange: RecordedExchange) -> None:
        """Record an exchange."""
        if len(self.exchanges) == self.exchanges.maxlen:
            self._since = self.exchanges[1].at if len(self.exchanges) > 1 else exchange.at
        self.exchanges.append(exchange)

    def lose(self, request_id: str) -> None:
        """Note that the client left before it had the response with this id."""
        for index in range(len(self.exchanges) - 1, -1, -1):
            if self.exchanges[index].request_id == request_id:
                self.exchanges[index] = self.exchanges[index]._replace(is_lost=True)
                return

    def note_key(self, key: str) -> str:
        """Return the fingerprint of an API key, and remember it for `is_known_key`."""
        if key == self._last_key[0]:
            return self._last_key[1]
        mark = fingerprint(key)
        self._last_key = key, mark
        self._key_fingerprints[mark] = None
        while len(self._key_fingerprints) > 100:
            self._key_fingerprints.popitem(last=False)
        return mark

    def is_known_key(self, text: str) -> bool:
        """Return True if a text is an API key that was used."""
        return fingerprint(text) in self._key_fingerprints

    def record(self, until: float, *, is_over: bool = True) -> TrafficRecord:
        """Return what has been recorded.

        Args:
            until: The present, in seconds since 1970.
            is_over: Whether the clients have ended.
        """
        jobs = tuple(self._jobs.values())
        return TrafficRecord(tuple(self.exchanges), jobs, until, self._since, is_over=is_over)


def fingerprint(text: str | bytes) -> str:
    """Return a short digest of a text, from which the text cannot be recovered."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return hashlib.sha256(data).hexdigest()[:FINGERPRINT_LENGTH]


def intent_fingerprint(body: bytes) -> str:
    """Return a fingerprint of the request in a body.

    It is the same if a client uploads its images again: of a URL only the name of the file counts. Bodies
    without URLs, and those above 64 KiB, are compared byte by byte.
    """
    if b"://" in body and len(body) <= _MAX_NORMALIZED:
        try:
            parsed = json.loads(body)
            return fingerprint(json.dumps(_normalized(parsed), sort_keys=True))
        except (ValueError, RecursionError):
            pass
    return fingerprint(body)


def _normalized(value: Any) -> Any:
    if isinstance(value, str):
        return value.partition("?")[0].rpartition("/")[2] if "://" in value[:16] else value
    if isinstance(value, list):
        return [_normalized(item) for item in value]
    if isinstance(value, dict):
        return {name: _normalized(member) for name, member in value.items()}
    return value
