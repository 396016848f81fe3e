"""Where free plays are given: a folder, a loop and a network serve them all."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from conformance.lifecycle.books import Books
from conformance.lifecycle.clock import Loop
from conformance.lifecycle.free.freeplay import Freeplay
from conformance.lifecycle.free.network import Network
from conformance.lifecycle.free.steps import Script
from conformance.lifecycle.memory import folder_in_memory


class House(NamedTuple):
    """Gives one play after another."""

    books: Books
    loop: Loop
    network: Network

    def begin(self, client: str, pace: str) -> Freeplay:
        """A play with nothing done yet. It must be closed before the next one."""
        return Freeplay(client, pace, self.books, self.loop, self.network)

    def play(self, script: Script, ended: bool = True) -> Freeplay:
        """A play carried out. ended: and brought to its good end, unless a promise is broken before."""
        play = self.begin(script.client, script.pace)
        try:
            for step in script.steps:
                play.do(step)
                if play.broken:
                    break
            if ended and not play.broken:
                play.finish()
        finally:
            play.close()
        return play

    def shortest(self, play: Freeplay) -> Freeplay:
        """A broken play with as few steps as break the same promise: whole stretches go first."""
        ended, size = play.acts[-1].last, len(play.script.steps)
        while size:
            at = 0
            while at < len(play.script.steps):
                steps = play.script.steps
                tried = self.play(play.script._replace(steps=(*steps[:at], *steps[at + size :])), ended)
                if tried.broken and tried.broken[0].promise == play.broken[0].promise:
                    play = tried
                else:
                    at += size
            size //= 2
        return play


@contextmanager
def house() -> Iterator[House]:
    """A house in a folder in memory, where there is one: each play writes a journal."""
    with folder_in_memory() as folder:
        made = House(Books(folder), Loop(), Network())
        try:
            yield made
        finally:
            made.books.close()
            made.loop.close()
