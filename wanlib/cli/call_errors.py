"""Report a failed call, as text or as JSON, with the command that continues it."""

import json
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wanlib.base.redaction import printable
from wanlib.cli.errors import ExitCode, print_error
from wanlib.cli.options.connection import ConnectionOptions
from wanlib.cli.options.output_files import OutputOptions
from wanlib.cli.output import hide_client_warnings, violation_lines

if TYPE_CHECKING:
    from wanlib.errors import WanError


@dataclass(frozen=True)
class CallErrorReporter:
    """How a command reports the errors of its calls.

    Attributes:
        connection: The service that the command uses.
        output_files: Where its pictures go; None if it saves none.
        as_json: Whether errors are printed as JSON on stdout instead of text on stderr.
        creates_tasks: Whether its calls create tasks, which can be looked for.
    """

    connection: ConnectionOptions
    output_files: OutputOptions | None
    as_json: bool
    creates_tasks: bool = True

    def run(self, action: Callable[[], int]) -> int:
        """Return the exit code of `action`; if it raises a WanError, report it."""
        from wanlib.errors import WanError

        try:
            return action()
        except WanError as error:
            return self.report(error)

    def report(self, error: "WanError") -> ExitCode:
        """Print an error, as one object on stdout or as lines on stderr, and return the exit code."""
        from wanlib.errors import DownloadFailedError, InvalidRequestError

        saved = [str(path) for path in error.saved] if isinstance(error, DownloadFailedError) else []
        if self.as_json:
            print(json.dumps(error.to_dict() | ({"files": saved} if saved else {})), flush=True)
        elif isinstance(error, InvalidRequestError) and error.violations:
            print_error("nothing was sent")
            print("\n".join(violation_lines(error.violations)), file=sys.stderr)
        else:
            for path in saved:
                print(printable(path))
            print_error(str(error), *self._hints(error))
        return exit_code(error)

    def resume_hint(self, *tasks: str) -> str:
        """Return the advice how to continue waiting for tasks."""
        return f"to continue: {self.command('wait', *tasks)}"

    def find_lost_hint(self, model: str) -> str:
        """Return the advice how to find a task whose id was lost."""
        without_files = CallErrorReporter(self.connection, None, False)
        command = without_files.command("tasks", "--model", model, "--since", "1h")
        return f"to look for the task before sending again: {command}"

    def command(self, *words: str) -> str:
        """Return a command line for the same service and the same output folder."""
        options = self.output_files.to_arguments() if self.output_files else []
        return shlex.join(["wanlib", *words, *options, *self.connection.to_arguments()])

    def _hints(self, error: "WanError") -> list[str]:
        """Return what the user can do next."""
        from wanlib.errors import LinkExpiredError, OutcomeUnknownError, TaskError

        if isinstance(error, OutcomeUnknownError):
            return [self.find_lost_hint(error.model)] if self.creates_tasks and error.model else []
        if error.task_id is not None and not isinstance(error, TaskError | LinkExpiredError):
            return [self.resume_hint(error.task_id)]
        return []


def exit_code(error: "WanError") -> ExitCode:
    """Return the exit code for an error of the client: wrong arguments and settings are usage errors."""
    from wanlib.errors import ConfigurationError, InvalidArgumentError, UsageError

    is_usage = isinstance(error, ConfigurationError | InvalidArgumentError | UsageError)
    return ExitCode.USAGE if is_usage else ExitCode.FAILED


@contextmanager
def hide_warnings() -> Iterator[None]:
    """Hide Python's warnings about ignored parameters, which are printed as messages, and large images."""
    from wanlib.errors import IgnoredParameterWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IgnoredParameterWarning)
        warnings.filterwarnings("ignore", "Image size .* pixels")  # of Pillow; what is too large is refused
        yield


@contextmanager
def report_interrupt(*lines: str) -> Iterator[None]:
    """Print notes of the interruption and lines if Ctrl-C or SIGTERM ends the block, and raise it again."""
    try:
        yield
    except KeyboardInterrupt as interruption:
        if sys.stderr.isatty():
            print(file=sys.stderr)  # after Ctrl-C the terminal has shown ^C
        print_error(*getattr(interruption, "__notes__", ()), *lines)
        hide_client_warnings()
        raise
