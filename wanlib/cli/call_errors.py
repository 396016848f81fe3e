"""A call that ended badly, told in plain lines or as JSON, and the command that goes on from there."""

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wanlib.base.redaction import printable
from wanlib.cli.errors import NO, USAGE, print_error
from wanlib.cli.options.connection import ConnectionOptions
from wanlib.cli.options.output_files import OutputOptions
from wanlib.cli.output import violation_lines

if TYPE_CHECKING:
    from wanlib.errors import WanError


@dataclass(frozen=True)
class CallErrorReporter:
    """How a command tells what went wrong.

    saving: where its pictures go, None where it saves none. tasks: whether its calls make tasks.
    """

    connection: ConnectionOptions
    saving: OutputOptions | None
    as_json: bool
    tasks: bool = True

    def run(self, work: Callable[[], int]) -> int:
        """What `work` returns; a WanError is told, and gives the exit code."""
        from wanlib.errors import WanError

        try:
            return work()
        except WanError as error:
            return self.report(error)

    def report(self, error: "WanError") -> int:
        """Says what went wrong, as one object on stdout or in lines on stderr -> the exit code."""
        from wanlib.errors import (
            ConfigurationError,
            DownloadFailedError,
            InvalidArgumentError,
            InvalidRequestError,
            UsageError,
        )

        saved = [str(each) for each in error.saved] if isinstance(error, DownloadFailedError) else []
        if self.as_json:
            print(json.dumps(error.to_dict() | ({"files": saved} if saved else {})), flush=True)
        elif isinstance(error, InvalidRequestError) and error.violations:
            print_error("nothing was sent")
            print("\n".join(violation_lines(error.violations)), file=sys.stderr)
        else:
            for path in saved:
                print(printable(path))
            print_error(str(error), *self._advice(error))
        return USAGE if isinstance(error, ConfigurationError | InvalidArgumentError | UsageError) else NO

    def resume_hint(self, *tasks: str) -> str:
        """What to do to take these tasks up again."""
        return f"to take it up again: {self.command('wait', *tasks)}"

    def find_lost_hint(self, model: str) -> str:
        """What to do to find a task whose id was lost."""
        found = CallErrorReporter(self.connection, None, False).command(
            "tasks", "--model", model, "--since", "1h"
        )
        return f"to look for it before it is sent again: {found}"

    def command(self, *words: str) -> str:
        """A command line for the same service and the same folder."""
        options = self.saving.to_arguments() if self.saving else []
        return shlex.join(["wanlib", *words, *options, *self.connection.to_arguments()])

    def _advice(self, error: "WanError") -> list[str]:
        """What the user can do next, where there is something."""
        from wanlib.errors import LinkExpiredError, OutcomeUnknownError, TaskError

        if isinstance(error, OutcomeUnknownError):
            return [self.find_lost_hint(error.model)] if self.tasks and error.model else []
        if error.task_id is not None and not isinstance(error, TaskError | LinkExpiredError):
            return [self.resume_hint(error.task_id)]
        return []


@contextmanager
def report_interrupt(*lines: str) -> Iterator[None]:
    """Says on Ctrl-C what becomes of the call; the command then ends as it does on any Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            print(file=sys.stderr)  # the terminal has shown ^C
        print_error(*lines)
        raise
