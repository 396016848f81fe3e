"""`kill -9` of a real process on its way, then `resume`: a sample of the points of `make lifecycle`."""

from collections.abc import Iterator
from itertools import product
from typing import get_args

import pytest
from wan_conformance.lifecycle.crash.environment import CrashEnvironment, CrashPoint, scene
from wan_conformance.lifecycle.crash.run import NAMES
from wan_conformance.lifecycle.crash.workload import FACES

from wanlib.client.protocol.effects import Effect

LIVES = [*product(NAMES, FACES)]
STEP = 29  # of all points one in so many is tried here


@pytest.fixture(scope="module")
def stage() -> Iterator[CrashEnvironment]:
    with scene("tests.client.crash_worker") as made:
        yield made


@pytest.mark.parametrize(("life", "face"), LIVES)
def test_a_killed_process_loses_nothing_and_pays_once(stage: CrashEnvironment, life: str, face: str) -> None:
    count = len(stage.points(life, face))
    first = 1 + LIVES.index((life, face)) * 5 % STEP  # another part of each life
    for at in range(min(first, count), count + 1, STEP):
        assert stage.kill(CrashPoint(life, face, at)) == []


def test_every_effect_is_a_point(stage: CrashEnvironment) -> None:
    """Else a new one would be left out without a word."""
    names = {name for life, face in LIVES for name in stage.points(life, face)}
    for effect in get_args(Effect):
        assert {f"before {effect.__name__}", f"after {effect.__name__}"} <= names
    assert {"before INSERT INTO", "after UPDATE entry", "in the middle of a picture"} <= names


@pytest.mark.parametrize(
    ("life", "point", "broken"),
    [
        ("silent", "after Open", "lost: task "),
        ("insistent", "after WaitForTasks", "paid twice: 1 calls made 2 tasks"),
        ("forgetful", "in the middle of a picture", "lost: task "),
        ("hasty", "in the middle of a picture", "is no picture that was made"),
    ],
)
def test_a_weak_client_is_found_out(stage: CrashEnvironment, life: str, point: str, broken: str) -> None:
    at = stage.points(life, "sync").index(point) + 1
    assert any(broken in each for each in stage.kill(CrashPoint(life, "sync", at)))
