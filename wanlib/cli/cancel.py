"""`wanlib cancel`: tasks that still wait for their turn."""

import json
from functools import partial
from typing import Any

from wanlib.cli.choosing import JsonOption
from wanlib.cli.connection import Connection
from wanlib.cli.failure import Telling
from wanlib.cli.plainly import FINE
from wanlib.cli.wait import TasksArgument


def cancel(tasks: TasksArgument, connection: Connection, as_json: JsonOption = False) -> int:
    """Cancel tasks that still wait for their turn.

    One that runs goes on and is billed. Exit 0 where all are canceled, 1 where one is not, 2 for usage and
    no key.
    """
    telling = Telling(connection, None, as_json)

    def work() -> int:
        with connection.open() as wan:
            return max([telling.guarded(partial(_cancel, wan, each, as_json)) for each in tasks])

    return telling.guarded(work)


def _cancel(wan: Any, task_id: str, as_json: bool) -> int:
    wan.cancel(task_id)
    print(json.dumps({"task_id": task_id, "canceled": True}) if as_json else f"{task_id} is canceled")
    return FINE
