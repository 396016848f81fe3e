"""A call that ended badly, told in plain lines or as JSON, and the command that goes on from there."""

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wanlib.cli.connection import Connection
from wanlib.cli.findings import lines_of
from wanlib.cli.plainly import NO, USAGE, complain, printable
from wanlib.cli.saving import Saving

if TYPE_CHECKING:
    from wanlib.runtime.errors import WanError


@dataclass(frozen=True)
class Telling:
    """How a command tells what went wrong.

    saving: where its pictures go, None where it saves none. tasks: whether its calls make tasks.
    """

    connection: Connection
    saving: Saving | None
    as_json: bool
    tasks: bool = True

    def guarded(self, work: Callable[[], int]) -> int:
        """What `work` returns; a WanError is told, and gives the exit code."""
        from wanlib.runtime.errors import WanError

        try:
            return work()
        except WanError as error:
            return self.tell(error)

    def tell(self, error: "WanError") -> int:
        """Says what went wrong, as one object on stdout or in lines on stderr -> the exit code."""
        from wanlib.runtime.errors import (
            ConfigurationError,
            DownloadFailed,
            InvalidArgumentError,
            InvalidRequest,
            UsageError,
        )

        saved = [str(each) for each in error.saved] if isinstance(error, DownloadFailed) else []
        if self.as_json:
            print(json.dumps(error.to_dict() | ({"files": saved} if saved else {})), flush=True)
        elif isinstance(error, InvalidRequest) and error.violations:
            complain("nothing was sent")
            print("\n".join(lines_of(error.violations)), file=sys.stderr)
        else:
            for path in saved:
                print(printable(path))
            complain(str(error), *self._advice(error))
        return USAGE if isinstance(error, ConfigurationError | InvalidArgumentError | UsageError) else NO

    def again(self, *tasks: str) -> str:
        """What to do to take these tasks up again."""
        return f"to take it up again: {self.command('wait', *tasks)}"

    def look(self, model: str) -> str:
        """What to do to find a task whose id was lost."""
        found = Telling(self.connection, None, False).command("tasks", "--model", model, "--since", "1h")
        return f"to look for it before it is sent again: {found}"

    def command(self, *words: str) -> str:
        """A command line for the same service and the same folder."""
        options = self.saving.again() if self.saving else []
        return shlex.join(["wanlib", *words, *options, *self.connection.again()])

    def _advice(self, error: "WanError") -> list[str]:
        """What the user can do next, where there is something."""
        from wanlib.runtime.errors import LinkExpired, OutcomeUnknown, TaskError

        if isinstance(error, OutcomeUnknown):
            return [self.look(error.model)] if self.tasks and error.model else []
        if error.task_id is not None and not isinstance(error, TaskError | LinkExpired):
            return [self.again(error.task_id)]
        return []


@contextmanager
def interrupted(*lines: str) -> Iterator[None]:
    """Says on Ctrl-C what becomes of the call; the command then ends as it does on any Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            print(file=sys.stderr)  # the terminal has shown ^C
        complain(*lines)
        raise
