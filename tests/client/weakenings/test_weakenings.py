"""Every decision of the table holds, and the check of each fails once the decision is taken away.

A decision is a switch, a cap or a guard of the client. `network` and `local` have the table. Each check uses
the public client, in both positions of the decision.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.client_fixture import World
from tests.client.weakenings import local, network
from tests.client.weakenings.stage import TABLE, Check, Weakening
from wanlib.errors import WanError

CHECKS = list(dict.fromkeys(weakening.check for weakening in TABLE))
MIN_WEAKENINGS = 45


@pytest.fixture
def world() -> Iterator[World]:
    """A synchronous client; both clients share what is weakened here."""
    made = World("sync")
    yield made
    made.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_decision_holds(world: World, tmp_path: Path, check: Check) -> None:
    check(world, tmp_path)


@pytest.mark.parametrize("weakening", TABLE, ids=lambda weakening: weakening.name)
def test_the_check_sees_that_it_is_gone(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weakening: Weakening
) -> None:
    weakening.weaken(monkeypatch)
    with pytest.raises((AssertionError, WanError)):
        weakening.check(world, tmp_path)


def test_the_table_is_complete() -> None:
    assert {check.__module__ for check in CHECKS} == {local.__name__, network.__name__}
    assert len({weakening.name for weakening in TABLE}) == len(TABLE) >= MIN_WEAKENINGS
