"""`wanlib tasks`: the tasks of the account."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from wanlib.base.shown import shown
from wanlib.cli.choosing import JsonOption, a_model
from wanlib.cli.connection import Connection
from wanlib.cli.failure import Telling
from wanlib.cli.plainly import FINE, Refusal, printable
from wanlib.cli.table import print_rows

if TYPE_CHECKING:
    from wanlib.runtime.snapshot import Listed

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_COLUMNS = ("task", "status", "model", "submitted", "ended")
_MEMBERS = ("task_id", "status", "model", "created_at", "started_at", "ended_at", "request_id")


def tasks(
    connection: Connection,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="Only those that are so: PENDING, RUNNING …")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Only those of this model.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only those submitted since then: 90s, 10m, 2h, 1d.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """List the account's tasks; the service keeps them for a day.

    A table on a terminal, columns with tabs between them in a pipe. Exit 0; 1 where the service refuses, 2
    for usage and no key.
    """
    from wanlib.generated.calls import API

    if model is not None:
        a_model(model, tuple(API.models), API.fine_tuned.ending)
    start = None if since is None else connection.clock.wall() - _age(since)

    def work() -> int:
        with connection.open() as wan:
            found = wan.tasks(status=status.upper() if status else None, model=model, start=start)
            _print(list(found), as_json)
        return FINE

    return Telling(connection, None, as_json).guarded(work)


def _age(text: str) -> float:
    """Seconds. Raises Refusal."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smhd])", text, re.ASCII)
    if found is None:
        raise Refusal(f"--since {shown(text)}: due is a number with s, m, h or d behind it, such as 2h")
    return float(found[1]) * _SECONDS[found[2]]


def _print(found: "Sequence[Listed]", as_json: bool) -> None:
    if as_json:
        print(json.dumps([{name: getattr(each, name) for name in _MEMBERS} for each in found], indent=2))
    else:
        print_rows(_COLUMNS, map(_cells, found))


def _cells(each: "Listed") -> tuple[str, ...]:
    cells = each.task_id, each.status, each.model or "", _moment(each.created_at), _moment(each.ended_at)
    return tuple(map(printable, cells))


def _moment(seconds: float | None) -> str:
    """A moment in local time, with its zone."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")
