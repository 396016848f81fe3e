"""Every decision of the table holds, and the check of each fails once the decision is taken away.

A decision is a switch, a cap or a guard of the client. `network`, `local` and `calls` have the table. Each
check uses the public client, in both positions of the decision.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.client.client_fixture import World
from tests.client.weakenings import calls, local, network
from tests.client.weakenings.weakening import TABLE, Check, Weakening
from wanlib.errors import WanError

CHECKS = list(dict.fromkeys((weakening.check, kind) for weakening in TABLE for kind in weakening.kinds))
WEAKENINGS = [(weakening, kind) for weakening in TABLE for kind in weakening.kinds]
MIN_WEAKENINGS = 70


@contextmanager
def world_of(kind: str) -> Iterator[World]:
    """Open a client on a scripted service."""
    world = World(kind)
    try:
        yield world
    finally:
        world.close()


@pytest.mark.parametrize(("check", "kind"), CHECKS, ids=lambda value: getattr(value, "__name__", value))
def test_the_decision_holds(tmp_path: Path, check: Check, kind: str) -> None:
    with world_of(kind) as world:
        check(world, tmp_path)


@pytest.mark.parametrize(("weakening", "kind"), WEAKENINGS, ids=lambda value: getattr(value, "name", value))
def test_the_check_sees_that_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weakening: Weakening, kind: str
) -> None:
    with world_of(kind) as world:
        weakening.weaken(monkeypatch)
        with pytest.raises((AssertionError, WanError)):
            weakening.check(world, tmp_path)


def test_the_table_is_complete() -> None:
    modules = {weakening.check.__module__ for weakening in TABLE}
    assert modules == {calls.__name__, local.__name__, network.__name__}
    assert len({weakening.name for weakening in TABLE}) == len(TABLE) >= MIN_WEAKENINGS
