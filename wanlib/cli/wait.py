"""`wanlib wait`: tasks that were started before, taken up again."""

from typing import Annotated, Any

import typer

from wanlib.cli.connection import Connection
from wanlib.cli.create import TimeoutOption
from wanlib.cli.failure import Telling, interrupted
from wanlib.cli.plainly import Refusal
from wanlib.cli.progress import Progress
from wanlib.cli.saving import Saving

TasksArgument = Annotated[list[str], typer.Argument(metavar="ID...", help="What `wanlib submit` printed.")]
EachOption = Annotated[
    bool, typer.Option("--json", help="Print a JSON object for each task, result or error, on a line.")
]


def wait(
    tasks: TasksArgument,
    saving: Saving,
    connection: Connection,
    timeout: TimeoutOption = None,
    as_json: EachOption = False,
) -> int:
    """Wait for tasks of any process and save their pictures.

    Exit 0 where every picture came, 1 where something failed, 2 for usage and no key.
    """
    if saving.stem is not None and len(tasks) > 1:
        raise Refusal("--stem: give one task with it; the files of several are named after their ids")
    telling = Telling(connection, saving, as_json)

    def work() -> int:
        saving.check()
        with interrupted(telling.again(*tasks)), connection.open() as wan:
            with Progress(connection.clock, as_json) as progress:
                ended = wan.wait(tasks, timeout=timeout, on_status=progress)
            return max([concluded(each, telling) for each in ended])

    return telling.guarded(work)


def concluded(ended: Any, telling: Telling) -> int:
    """What a task has yielded, saved; or the error that it ended with, told -> the exit code."""
    from wanlib.runtime.errors import WanError

    if isinstance(ended, WanError):
        return telling.tell(ended)
    saving = telling.saving or Saving()
    return telling.guarded(lambda: saving.keep(ended, telling.as_json))
