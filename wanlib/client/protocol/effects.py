"""The effects that the steps of the client yield, and that a driver performs.

Why sans-I/O. All logic of the client is written as generators, called *steps* here: they yield an effect,
such as "send this request" or "sleep for a second", and the driver sends the outcome in or throws the error.
Steps open no connection, never sleep, and read only the clock that they are given. This has three benefits:

- The sync and the async client share every line of the logic; only the two drivers differ (`drivers`).
- A test can be the driver: it receives each effect, can return any outcome, and can stop between any two. The
  crash tests kill a process before and after each effect, and the lifecycle tests run thousands of schedules
  on a simulated clock.
- Points of failure are visible: each `yield` is a point at which the process may die or an error may be
  thrown.

Steps call other steps with `yield from`. Steps that may run at once are yielded together as `Gather`.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from wanlib.client.http.messages import BodySink, Request, Response

T = TypeVar("T")


class Send(NamedTuple):
    """Make an exchange and return its Response, read completely; raises a TransportError.

    Attributes:
        request: The request to send.
        sink: Receives the body instead of the Response; None keeps it in memory.
    """

    request: Request
    sink: BodySink | None = None


class Open(NamedTuple):
    """Make an exchange and return an OpenedResponse: a stream with its body unread, any other complete."""

    request: Request


class OpenedResponse(NamedTuple):
    """A response whose body may not have been read yet.

    Attributes:
        response: Status, headers and, if it arrived completely, the body.
        body: A handle of the driver if the body is not read yet; else None.
        payload: The JSON object of a complete response, once it was parsed.
    """

    response: Response
    body: Any
    payload: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"<OpenedResponse {self.response.status}>"


class Sleep(NamedTuple):
    """Let this many seconds pass."""

    seconds: float


class WaitForWork(NamedTuple):
    """Wait at most this many seconds; a driver may return sooner if there is something new to do."""

    seconds: float


class RunBlocking(NamedTuple):
    """Call a function that blocks (disk, SQLite) where that is harmless, and return or raise what it does."""

    function: Callable[[], Any]


class Gather(NamedTuple):
    """Run steps at once and return a list, in order, of what each returned or the Exception that it raised.

    Attributes:
        steps: What to run.
        width: How many may run at the same time.
        is_waiting: Whether the steps wait most of the time, so that the client's own limit of exchanges at
            once does not apply.
    """

    steps: Sequence["Steps[Any]"]
    width: int
    is_waiting: bool = False


class PollRound(NamedTuple):
    """Run steps at once and return when all have ended, or after some seconds; the others continue.

    The steps raise nothing. A driver returns from `WaitForWork` when one of those that continue ends.

    Attributes:
        steps: What to run.
        width: How many may run at the same time.
        patience: Seconds after which it returns, if the clock is a real one.
        is_only: Whether nothing else waits meanwhile, so that it may take longer.
    """

    steps: Sequence["Steps[None]"]
    width: int
    patience: float
    is_only: bool


class WaitForTasks(NamedTuple):
    """Wait until tasks have ended and return, in order, the final TaskStatus or the error of each.

    Attributes:
        tasks: Task id and time of submission (seconds since 1970, None if not known).
        deadline: Monotonic seconds at which the waits end.
        on_status: Called with (task id, status) at each new status; None for no calls.
    """

    tasks: Sequence[tuple[str, float | None]]
    deadline: float
    on_status: Callable[[str, str], None] | None


Effect: TypeAlias = Send | Open | Sleep | WaitForWork | RunBlocking | Gather | PollRound | WaitForTasks
Steps: TypeAlias = Generator[Effect, Any, T]
