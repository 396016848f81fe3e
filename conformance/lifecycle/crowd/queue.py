"""Who calls one after another, by the sync client."""

from contextlib import suppress
from typing import Any

from conformance.lifecycle.crowd.callers import AGAIN, PATIENCE, Callers, Wish, wish
from conformance.lifecycle.crowd.judge import STRANGER
from conformance.lifecycle.line import Line
from wanlib import Wan
from wanlib.errors import WanError


class Queue(Callers):
    """One after another by Wan, in one thread: time is simulated, and threads would tear it apart."""

    def live(self, count: int) -> Any:
        """Begun in turn, waited for together."""
        with self._made() as wan:
            begun = [(each, self._begun(wan, each)) for each in map(wish, range(count))]
            begun = [(each, task) for each, task in begun if task is not None]
            self.most = len(begun)
            ends = wan.wait([task for _, task in begun], timeout=PATIENCE)
            for (each, _), said in zip(begun, ends, strict=True):
                self._note(each, *self._saved(said))
        self._time.sleep(AGAIN)
        with self._made() as wan:
            return wan.resume(timeout=PATIENCE)

    def _made(self) -> Any:
        return self._client(Wan, Line(self._service, self._time.sleep), 1)

    def _begun(self, wan: Any, wish: Wish) -> Any:
        """A task; None where there is none, which is noted."""
        if wish.kind == STRANGER:
            return wan.task(wish.prompt)
        try:
            task = wan.submit(wish.model, wish.prompt, **wish.asked)
        except Exception as error:
            self._note(wish, error)
            return None
        if wish.kind == "cancel":
            with suppress(WanError):
                task.cancel()
        return task

    def _saved(self, said: Any) -> tuple[Any, int]:
        if isinstance(said, Exception):
            return said, 0
        try:
            return said, len(said.save(self._pictures))
        except Exception as error:
            return error, 0
