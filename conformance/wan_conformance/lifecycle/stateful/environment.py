"""Where free plays are given: a folder, a loop and a network serve them all."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from wan_conformance.lifecycle.simulation.clock import SimulatedEventLoop
from wan_conformance.lifecycle.simulation.files import Books, tmpfs_folder
from wan_conformance.lifecycle.stateful.service import Network
from wan_conformance.lifecycle.stateful.session import Freeplay
from wan_conformance.lifecycle.stateful.steps import StepScript, parse_script


class House(NamedTuple):
    """Gives one play after another."""

    books: Books
    loop: SimulatedEventLoop
    network: Network

    def new_session(self, client: str, pace: str) -> Freeplay:
        """A play with nothing done yet. It must be closed before the next one."""
        return Freeplay(client, pace, self.books, self.loop, self.network)

    def replay(self, script: StepScript, ended: bool = True) -> Freeplay:
        """A play carried out. ended: and brought to its good end, unless a promise is broken before."""
        play = self.new_session(script.client, script.pace)
        try:
            for step in script.steps:
                play.execute(step)
                if play.broken:
                    break
            if ended and not play.broken:
                play.finish()
        finally:
            play.close()
        return play

    def shrink(self, play: Freeplay) -> Freeplay:
        """A broken play with as few steps as break the same promise: whole stretches go first."""
        ended, size = play.acts[-1].last, len(play.script.steps)
        while size:
            at = 0
            while at < len(play.script.steps):
                steps = play.script.steps
                tried = self.replay(play.script._replace(steps=(*steps[:at], *steps[at + size :])), ended)
                if tried.broken and tried.broken[0].promise == play.broken[0].promise:
                    play = tried
                else:
                    at += size
            size //= 2
        return play


@contextmanager
def house() -> Iterator[House]:
    """A house in a folder in memory, where there is one: each play writes a journal."""
    with tmpfs_folder() as folder:
        made = House(Books(folder), SimulatedEventLoop(), Network())
        try:
            yield made
        finally:
            made.books.close()
            made.loop.close()


def replay(name: str) -> tuple[str, bool]:
    """A play carried out again: its story, and whether the promises held. ValueError for what is no id."""
    script = parse_script(name)
    with house() as made:
        play = made.replay(script)
    return told(play), not play.broken


def told(play: Freeplay) -> str:
    """The story of a play with its verdict."""
    verdict = [] if play.broken else ["all promises kept"]
    return "\n".join([f"play {play.script}", *play.story.lines, *verdict])
