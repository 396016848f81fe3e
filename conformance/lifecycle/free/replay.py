"""A free play again, by its id."""

from conformance.lifecycle.free.freeplay import Freeplay
from conformance.lifecycle.free.house import house
from conformance.lifecycle.free.steps import read_script


def replay(name: str) -> tuple[str, bool]:
    """A play carried out again: its story, and whether the promises held. ValueError for what is no id."""
    script = read_script(name)
    with house() as made:
        play = made.play(script)
    return told(play), not play.broken


def told(play: Freeplay) -> str:
    """The story of a play with its verdict."""
    verdict = [] if play.broken else ["all promises kept"]
    return "\n".join([f"play {play.script}", *play.story.lines, *verdict])
