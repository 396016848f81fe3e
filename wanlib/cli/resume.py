"""`wanlib resume`: what a process before this one left unfinished."""

import json
from typing import TYPE_CHECKING

from wanlib.cli.connection import Connection
from wanlib.cli.create import TimeoutOption
from wanlib.cli.failure import Telling, interrupted
from wanlib.cli.plainly import FINE, NO, Refusal, complain
from wanlib.cli.progress import Progress
from wanlib.cli.saving import Saving
from wanlib.cli.wait import EachOption, concluded

if TYPE_CHECKING:
    from wanlib.runtime.resume import Lost


def resume(
    saving: Saving, connection: Connection, timeout: TimeoutOption = None, as_json: EachOption = False
) -> int:
    """Take up every unfinished call of a journal.

    Each task of the --journal is waited for and its pictures saved. A call whose
    task id was lost is looked for; where it is not certain which task it is, they are named. Exit 0 where
    every picture came, 1 where something failed or is lost, 2 for usage and no key.
    """
    if connection.journal is None or not connection.journal.is_file():
        raise Refusal("--journal FILE: it is missing; due is the file that the calls were kept in")
    if saving.stem is not None:
        raise Refusal("--stem: leave it out; the files of several tasks are named after their ids")
    telling = Telling(connection, saving, as_json)

    def work() -> int:
        saving.check()
        command = telling.command("resume")
        with interrupted(f"to take them up again: {command}"), connection.open() as wan:
            with Progress(connection.clock, as_json) as progress:
                found = wan.resume(timeout=timeout, on_status=progress)
            codes = [concluded(each, telling) for each in [*found.results, *found.failed]]
            codes += [_lost(each, as_json) for each in found.lost]
        if not codes:
            complain("the journal has nothing unfinished")
        return max(codes, default=FINE)

    return telling.guarded(work)


def _lost(lost: "Lost", as_json: bool) -> int:
    """Tells of a call that may have been accepted."""
    entry, ids = lost.entry, [each.task_id for each in lost.candidates]
    if as_json:
        print(json.dumps({"lost": {"model": entry.model, "sent_at": entry.sent_at, "candidates": ids}}))
    else:
        told = f"it may be one of these tasks: {', '.join(ids)}" if ids else "the service lists no such task"
        complain(f"a call of {entry.model} was sent and its answer lost; {told}")
    return NO
