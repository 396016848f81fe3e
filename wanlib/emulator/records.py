"""What is remembered, as JSON text and back: data alone, so that a stranger's file can run nothing."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from wanlib.emulator.order import Input, Order
from wanlib.emulator.store import Account, Upload
from wanlib.emulator.work import Fate, Work

Record = TypeVar("Record", bound=tuple[Any, ...])


def write_record(record: NamedTuple) -> str:
    """A record as a list of its members, ASCII; records in it likewise."""
    return json.dumps(record, separators=(",", ":"))


def read_work(text: str) -> Work:
    """A work. ValueError, TypeError or KeyError where the text is none."""
    id, request_id, order, fate, *rest = json.loads(text)
    return _whole(Work(id, request_id, _order(order), Fate(*fate), *rest), _WORK)


def read_upload(text: str) -> Upload:
    """An upload. ValueError or TypeError where the text is none."""
    return _whole(Upload(*json.loads(text)), _UPLOAD)


def read_account(text: str) -> Account:
    """An account. ValueError or TypeError where the text is none."""
    return _whole(Account(*json.loads(text)), _ACCOUNT)


_NUMBER = (int, float)
_WORK: tuple[Any, ...] = (str, str, Order, Fate, str, bool, _NUMBER, _NUMBER, _NUMBER, bool, bool)
_UPLOAD: tuple[Any, ...] = (str, str, _NUMBER, int, str, str, int, int)
_ACCOUNT: tuple[Any, ...] = (str, int, int, int, int, int, str)

READERS: dict[str, Callable[[str], Any]] = {
    "works": read_work,
    "uploads": read_upload,
    "accounts": read_account,
}


def _order(members: list[Any]) -> Order:
    model, call, prompt, inputs, size, pictures, exact, seeds, *rest = members
    given = tuple(Input(*each) for each in inputs)
    width, height = size
    return Order(
        model, call, prompt, given, (width, height), pictures, exact, tuple((a, b) for a, b in seeds), *rest
    )


def _whole(record: Record, types: tuple[Any, ...]) -> Record:
    for member, due in zip(record, types, strict=True):
        if not isinstance(member, due):
            raise TypeError(f"{type(member).__name__} stands where another type is due")
    return record
