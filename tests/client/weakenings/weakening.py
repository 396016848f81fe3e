"""The table of weakenings: each removes one safeguard, and has a check that must detect it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.client.client_fixture import World
from tests.client.service import CREATED, DONE, PHOTO, PRO, Seen
from tests.support.image_files import picture

Check = Callable[[World, Path], None]
Weaken = Callable[[pytest.MonkeyPatch], None]
PNG = picture("png", size=(300, 300))


class Weakening(NamedTuple):
    """One decision of the client, taken away.

    Attributes:
        name: The missing behaviour.
        weaken: Takes the decision away until the end of the test.
        check: Uses the public client in both positions of the decision; it fails without it.
        kinds: The clients for which it is run.
    """

    name: str
    weaken: Weaken
    check: Check
    kinds: tuple[str, ...]


TABLE: list[Weakening] = []


BOTH = ("sync", "async")


def weakened(name: str, target: str, value: Any, kinds: tuple[str, ...] = BOTH) -> Callable[[Check], Check]:
    """Add a weakening that replaces an attribute, and the decorated check for it.

    Args:
        name: The missing behaviour.
        kinds: The clients that have it.
    """
    return weakened_by(name, lambda patch: patch.setattr(target, value), kinds)


def weakened_by(name: str, weaken: Weaken, kinds: tuple[str, ...] = BOTH) -> Callable[[Check], Check]:
    """Add a weakening that a function carries out, and the decorated check for it."""

    def add(check: Check) -> Check:
        TABLE.append(Weakening(name, weaken, check, kinds))
        return check

    return add


def edit(world: World, wan: Any = None, **arguments: Any) -> Any:
    """Make one call to its end; `via` and other arguments may be given."""
    given = {"images": [PHOTO], "n": 1} | arguments
    return world.do((wan or world.wan).edit(PRO, "dusk", **given))


def result_of(world: World, wan: Any = None) -> Any:
    """Return the result of a call that succeeds."""
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    return edit(world, wan)


def refused(kind: type[BaseException], action: Callable[[], Any]) -> BaseException:
    """Return the error that an action must raise; any other one is a failure, too."""
    try:
        action()
    except kind as error:
        return error
    except Exception as error:
        raise AssertionError(f"{kind.__name__} was due, {error!r} came") from error
    raise AssertionError(f"{kind.__name__} was due")


def sent(world: World, call: str) -> list[Seen]:
    """Return the requests of a call so far."""
    return world.service.of(call)
