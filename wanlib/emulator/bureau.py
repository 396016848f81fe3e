"""Tasks that exist: asked for, listed, canceled, and ended by hand."""

from wanlib.emulator.answers import Answers, Body, Link
from wanlib.emulator.listing import Listing
from wanlib.emulator.vendor import Told
from wanlib.emulator.work import Fate, Work
from wanlib.emulator.world import World


class Bureau:
    """Looks after the works of a world."""

    def __init__(self, world: World, answers: Answers) -> None:
        self._world = world
        self._answers = answers
        self._listing = Listing(world)

    def query(self, task_id: str, link: Link, request_id: str) -> Body:
        """The answer of a query; ids that never were are no error."""
        work = self._task(task_id)
        if work is None:
            return self._answers.unknown(task_id, request_id)
        return self._answers.task(work, self._world.clock.wall(), link, request_id)

    def list(self, query: dict[str, str], request_id: str) -> Body:
        """The answer of a list. Refused for a filter that can't be read."""
        return self._listing.page(query, request_id)

    def cancel(self, task_id: str) -> None:
        """Cancels a task that waits. Refused for any other."""
        work, now = self._task(task_id), self._world.clock.wall()
        if work is None or work.status(self._world.life, now) not in self._world.life.cancelable:
            raise self._world.refuse("not_cancelable")
        self._end(work, work._replace(canceled=True, ended=now))

    def finish(self, task_id: str, failure: Told | None = None) -> bool:
        """Ends a task now, well or with a failure; whether it was one that had not ended."""
        work, now = self._task(task_id), self._world.clock.wall()
        if work is None or work.ended <= now or work.expired(self._world.life, now):
            return False
        fate = Fate(work.fate.tried, work.fate.tried, *failure) if failure else Fate(work.fate.tried)
        self._end(work, work._replace(fate=fate, scheduled=min(work.scheduled, now), ended=now))
        return True

    def sweep(self) -> None:
        """Forgets the works about which nothing can be asked any more."""
        works, life, now = self._world.store.works, self._world.life, self._world.clock.wall()
        while (oldest := works.first()) and oldest.forgotten(life, now):
            works.drop(oldest.id)
            for given in oldest.order.inputs:
                self._world.spool.drop(given.piece)

    def _task(self, task_id: str) -> Work | None:
        work = self._world.store.works.get(task_id)
        return work if work and work.task else None

    def _end(self, before: Work, after: Work) -> None:
        self._world.store.works.put(after.id, after)
        self._world.ledger.await_end(after)
        if self._world.quotas:
            self._world.quotas.free(before.order.model, before.ended, after.ended)
