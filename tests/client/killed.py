"""A victim of `conformance.lifecycle.kill` that has weak clients, too: python -m tests.client.killed"""

from collections.abc import Callable
from typing import Any

from conformance.lifecycle.kill import lives, victim
from conformance.lifecycle.kill.lives import Victim
from wanlib.runtime.effects import Open
from wanlib.runtime.part_file import PartFile


def silent(life: Victim) -> None:
    """Sends a call before it stands in the journal."""
    life.wan._context.journal.intend = lambda **_: None
    lives.edit(life)


def insistent(life: Victim) -> None:
    """Sends a call twice."""
    doers = life.wan._driver._doers
    doers[Open] = _twice(doers[Open])
    lives.edit(life)


def forgetful(life: Victim) -> None:
    """Lets go of a task that has ended, before its pictures are on the disk."""
    journal = life.wan._context.journal
    ended = journal.ended

    def over(which: Any, status: str, at: float, links: float | None) -> None:
        ended(which, status, at, links)
        journal.saved(which, [], at)

    journal.ended = over
    lives.edit(life)


def hasty(life: Victim) -> None:
    """Writes a picture under its final name from the first byte on."""
    made = PartFile.__init__

    def make(part: PartFile, *given: Any) -> None:
        made(part, *given)
        part._path = part._target

    PartFile.__init__ = make  # type: ignore[method-assign]
    lives.edit(life)


def _twice(do: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda effect: [do(effect), do(effect)][1]


WEAK = {each.__name__: each for each in (silent, insistent, forgetful, hasty)}

if __name__ == "__main__":
    lives.LIVES |= WEAK
    victim.main()
