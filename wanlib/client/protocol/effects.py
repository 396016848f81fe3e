"""What a protocol asks of its driver.

A protocol is a generator: it yields effects and gets their outcome sent or thrown in. It opens no
connection, reads no clock that was not handed in and never sleeps, so the sync and the async client
share every line of it and a test can be its driver.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from wanlib.client.http.messages import BodySink, Request, Response

T = TypeVar("T")


class Send(NamedTuple):
    """Make this exchange -> Reply; raises a Trouble. sink: takes the body instead of the Reply."""

    request: Request
    sink: BodySink | None = None


class Open(NamedTuple):
    """Make this exchange -> Opened: a stream with its body still to come, any other answer whole."""

    request: Request


class OpenedResponse(NamedTuple):
    """reply: the answer. body: a handle of the driver's where the body is still to come, else None.

    answer: the JSON object of a reply that came whole, once somebody has read it.
    """

    response: Response
    body: Any
    payload: dict[str, Any] | None = None


class Sleep(NamedTuple):
    """Let so many seconds pass -> None."""

    seconds: float


class WaitForWork(NamedTuple):
    """Nothing is due for so many seconds -> None; a driver may come back sooner where something new is."""

    seconds: float


class RunBlocking(NamedTuple):
    """Call this where blocking does no harm (disk, SQLite) -> what it returns; raises what it raises."""

    function: Callable[[], Any]


class Gather(NamedTuple):
    """Run these protocols side by side, at most `width` at once.

    -> a list, in their order, of what each returned or of the Exception that it raised.
    """

    steps: Sequence["Steps[Any]"]
    width: int


class WaitForTasks(NamedTuple):
    """Wait until these tasks have ended -> for each, in order, its final Snapshot or the error it ended with.

    tasks: (task id, when it was submitted: epoch seconds, None where that is not known). deadline:
    monotonic seconds. told: hears of each new status, (task id, status).
    """

    tasks: Sequence[tuple[str, float | None]]
    deadline: float
    on_status: Callable[[str, str], None] | None


Effect: TypeAlias = Send | Open | Sleep | WaitForWork | RunBlocking | Gather | WaitForTasks
Steps: TypeAlias = Generator[Effect, Any, T]
