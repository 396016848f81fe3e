"""`Fault`: one injected fault, and its text form in the header `x-wan-fault` and the option `--faults`."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FAULT_KINDS = {
    "error": "the vendor's error body with `code` and `message`, its status or `status`, and `retry_after`",
    "html": "a page of a gateway, `status` 502 unless given",
    "inside": "status 200 with the error `code` inside",
    "cut": "the connection is cut: `where` is unread, before, inside or after the response",
    "trickle": "the response arrives in pieces of a few bytes, `pace` seconds apart",
    "slow": "the response arrives steadily, `rate` bytes a second",
    "silent": "no response, and the connection stays open; with `done` the request is carried out",
    "again": "the request is carried out twice, as if a proxy had sent it again",
    "doubled": "each piece of the response is sent twice",
    "repeated": "the response is sent twice: on a kept connection, the next request reads the second one",
    "surplus": "the bytes `message` follow the response on the connection",
    "status": "a query returns the task status `word`",
    "other": "a query returns another task, with the task status `word` or that of a failed one",
    "reused": "a create returns the id of the previous task, if there is one",
    "neighbour": "another client of the account makes the same call just before; with `where=unread` this"
    " one is then cut unread",
    "fail": "the job is accepted, then fails with `code` and `message`",
    "partial": "`count` pictures of the job fail with `code`",
    "download": "an input image at a URL can't be downloaded: the call is refused with `code`, or with"
    " `where=after` its job fails with it",
    "short": "`count` pictures are left out if the model decides how many there are",
    "soon": "the job takes no time: it has ended as soon as it is accepted",
}
CUT_POSITIONS = ("unread", "before", "inside", "after")
JOB_FAULTS = ("fail", "partial", "short", "download", "soon")


@dataclass(frozen=True, slots=True)
class Fault:
    """One injected fault.

    Attributes:
        kind: A key of `FAULT_KINDS`.
        code: The error code, of the vendor or not; "" for the default of the kind.
        message: Replaces the usual message of the code; "" keeps it.
        status: The HTTP status, 200 to 599; 0 for the default of the kind.
        retry_after: The value of the header `retry-after`; "" for none.
        where: A name in `CUT_POSITIONS`.
        word: The task status in place of the real one; "" for the default of the kind.
        count: Number of pictures that the fault is about, from 1.
        pace: Seconds before each piece, below 3600.
        rate: Bytes per second of a slow response, from 1.
        done: Whether the request is carried out although the response reports an error, or none comes.
        on: The calls that it waits for (`sync`, `async`, `stream`, `query`, ...); () for any.

    Raises:
        ValueError: A value is not one of those allowed.
    """

    kind: str
    code: str = ""
    message: str = ""
    status: int = 0
    retry_after: str = ""
    where: str = "before"
    word: str = ""
    count: int = 1
    pace: float = 0.05
    rate: int = 1024
    done: bool = False
    on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the values."""
        if self.kind not in FAULT_KINDS:
            raise ValueError(f"unknown fault {self.kind[:80]!r}, expected one of {', '.join(FAULT_KINDS)}")
        if self.where not in CUT_POSITIONS:
            raise ValueError(f"where is {self.where[:80]!r}, expected one of {', '.join(CUT_POSITIONS)}")
        is_status = not self.status or 200 <= self.status < 600
        if not (0 <= self.pace < 3600 and self.count >= 1 and self.rate >= 1 and is_status):
            raise ValueError("pace must be below 3600, count and rate at least 1, status 200 to 599")


_READERS: dict[str, Callable[[str], Any]] = {
    "code": str,
    "message": str,
    "status": int,
    "retry_after": str,
    "where": str,
    "word": str,
    "count": int,
    "pace": float,
    "rate": int,
    "done": lambda _: True,
    "on": lambda text: tuple(text.split(",")),
}


def parse_fault(text: str) -> Fault:
    """Parse the text form: `error code=Throttling message='Slow down, please.' retry_after=2 done`.

    Raises:
        ValueError: The text is not a fault; the message states why.
    """
    kind, *settings = shlex.split(text) or [""]
    values: dict[str, Any] = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in _READERS:
            known = ", ".join(_READERS)
            raise ValueError(f"unknown fault setting {name[:80]!r}, expected one of {known}")
        values[name] = _READERS[name](value)
    return Fault(kind, **values)
