"""The seam between the stories and a client: its verbs, each of which comes to a `Said`: none raises."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from conformance.lifecycle.said import Said

VERBS = frozenset({"submit", "edit", "poll", "wait", "save", "cancel", "list", "find_lost", "resume"})


class Order(NamedTuple):
    """One intent. asked: the parameters."""

    model: str
    prompt: str
    images: tuple[str, ...]
    asked: Mapping[str, Any]


class Player(Protocol):
    """One client, as a process of its own would have it. A timeout is in seconds of the story's time.

    name: `sync`, `async`, `sdk-pinned` or `sdk-newest`. verbs: those of VERBS that it has; the others come to
    nothing and must not be called.
    """

    @property
    def name(self) -> str: ...

    @property
    def verbs(self) -> frozenset[str]: ...

    def submit(self, order: Order, timeout: float) -> Said:
        """A handle."""
        ...

    def edit(self, order: Order, timeout: float) -> Said:
        """A result, by a call that waits."""
        ...

    def poll(self, task_id: str) -> Said:
        """A state, by one question."""
        ...

    def wait(self, task_id: str, timeout: float) -> Said:
        """A result, once the task has ended."""
        ...

    def save(self, task_id: str) -> Said:
        """The pictures on disk, of a result that this player has told before."""
        ...

    def cancel(self, task_id: str) -> Said:
        """That the task is canceled."""
        ...

    def list(self) -> Said:
        """The account's tasks."""
        ...

    def find_lost(self) -> Said:
        """The tasks that the last unknown outcome may have become."""
        ...

    def resume(self, timeout: float) -> Said:
        """What became of all that stands unfinished in the journal."""
        ...

    def close(self) -> None:
        """The end of the process: what it knew is gone, but for its journal."""
        ...
