"""One verb of a free play, with everything that is known of it."""

from typing import NamedTuple

from conformance.lifecycle.free.watched import Met
from conformance.lifecycle.said import Said


class Act(NamedTuple):
    """A verb and what it came to.

    task: the id that it was about, "" for none. bound: seconds that it might take. met: its exchanges.
    last: the faults are over and all tasks have ended. endless: it was stopped.
    """

    verb: str
    task: str
    began: float
    ended: float
    bound: float
    said: Said
    met: tuple[Met, ...]
    last: bool
    endless: bool

    @property
    def faulty(self) -> bool:
        """Whether the service was troubled: else it gives no reason for trouble."""
        return any(not each.plain for each in self.met)

    @property
    def accepted(self) -> tuple[str, ...]:
        """Ids of the tasks that it made the service accept."""
        return tuple(task for each in self.met for task in each.accepted)

    @property
    def own(self) -> list[str]:
        """Ids that the client was to be told: of a create that was carried out twice, the second."""
        return [each.accepted[-1] for each in self.met if each.accepted]

    @property
    def told(self) -> list[str]:
        """Ids of the tasks that the client named, in its order."""
        said = (self.said, *self.said.parts)
        named = [task for each in said for task in (each.task_id, *each.tasks) if task]
        return [*named, *(task for candidates in self.said.lost for task in candidates)]

    def queries(self, task: str) -> list[Met]:
        """Its questions about a task, one by one."""
        return [each for each in self.met if each.call == "query" and each.task == task]

    def lied(self, *kinds: str) -> bool:
        """Whether it met a fault of one of these kinds: what it says may be what it was told."""
        return any(each.fault and each.fault.kind in kinds for each in self.met)
