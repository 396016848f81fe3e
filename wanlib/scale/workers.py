"""`Workers`: the value of `--workers`, and the errors of distributed work."""

import re
from dataclasses import dataclass

from wanlib.base.redaction import safe_repr
from wanlib.input_error import InputError

MAX_PROCESSES = 1024
"""The maximum number of processes on this machine; a larger number is a typing mistake."""

_ADDRESS = re.compile(r"dask://(?P<address>[\w.-]+:\d{1,5}|\[[0-9A-Fa-f:.]+\]:\d{1,5})", re.ASCII)


class ScaleError(InputError):
    """Distributed work failed; the message states the reason and what to do."""


class InvalidWorkersError(ScaleError):
    """A value of `--workers` that is neither a number of processes nor a scheduler."""


class WorkersLostError(ScaleError):
    """Workers die repeatedly at the same shard, or the cluster cannot be reached."""


class UnfitWorkersError(ScaleError):
    """The workers of a cluster have another version of wanlib than this process, or none."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Where shards are computed.

    Attributes:
        processes: The number of processes on this machine; 1 is this process. Ignored with a scheduler.
        scheduler: The address of a Dask scheduler, such as `10.0.0.5:8786`; None for this machine.
    """

    processes: int = 1
    scheduler: str | None = None

    @property
    def is_this_process(self) -> bool:
        """Whether everything is computed in this process."""
        return self.scheduler is None and self.processes == 1


THIS_PROCESS = Workers()


def parse_workers(text: str) -> Workers:
    """Parse the value of `--workers`.

    Args:
        text: A number of processes, or `dask://HOST:PORT`.

    Raises:
        InvalidWorkersError: It is neither.
    """
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_PROCESSES:
        return Workers(int(text))
    if match := _ADDRESS.fullmatch(text):
        return Workers(scheduler=match["address"])
    raise InvalidWorkersError(
        f"--workers is {safe_repr(text)}; allowed: a number from 1 to {MAX_PROCESSES}, or dask://HOST:PORT"
    )
