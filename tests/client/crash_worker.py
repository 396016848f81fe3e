"""Weak clients for the crash tests, run as a process: python -m tests.client.crash_worker."""

from collections.abc import Callable
from typing import Any

from wan_conformance.lifecycle.crash import workload as lives
from wan_conformance.lifecycle.crash import workload as victim
from wan_conformance.lifecycle.crash.workload import Worker

from wanlib.client.protocol.effects import Open
from wanlib.client.results.partial_file import PartialFile


def silent(life: Worker) -> None:
    """Sends a call before it stands in the journal."""
    life.wan._context.journal.record_intent = lambda **_: None
    lives.edit(life)


def insistent(life: Worker) -> None:
    """Sends a call twice."""
    doers = life.wan._driver._handlers
    doers[Open] = _twice(doers[Open])
    lives.edit(life)


def forgetful(life: Worker) -> None:
    """Lets go of a task that has ended, before its pictures are on the disk."""
    journal = life.wan._context.journal
    ended = journal.record_ended

    def over(which: Any, status: str, at: float, links: float | None) -> None:
        ended(which, status, at, links)
        journal.record_saved(which, [], at)

    journal.record_ended = over
    lives.edit(life)


def hasty(life: Worker) -> None:
    """Writes a picture under its final name from the first byte on."""
    made = PartialFile.__init__

    def make(part: PartialFile, *given: Any) -> None:
        made(part, *given)
        part._path = part._target

    PartialFile.__init__ = make  # type: ignore[method-assign]
    lives.edit(life)


def _twice(do: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda effect: [do(effect), do(effect)][1]


WEAK = {each.__name__: each for each in (silent, insistent, forgetful, hasty)}

if __name__ == "__main__":
    lives.LIVES |= WEAK
    victim.main()
