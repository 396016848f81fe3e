"""Crash tests: a process is killed at a sample of its points, and the next one resumes.

`make lifecycle` kills a process at every point.
"""

from collections.abc import Iterator
from itertools import product
from typing import get_args

import pytest
from wan_conformance.lifecycle.crash.environment import CrashEnvironment, CrashPoint, crash_environment
from wan_conformance.lifecycle.crash.run import NAMES
from wan_conformance.lifecycle.crash.workload import CLIENTS

from wanlib.client.protocol.effects import Effect

WORKLOADS = [*product(NAMES, CLIENTS)]
STEP = 29  # one in so many points is tested here


@pytest.fixture(scope="module")
def environment() -> Iterator[CrashEnvironment]:
    with crash_environment("tests.conformance.lifecycle.faulty_worker") as made:
        yield made


@pytest.mark.parametrize(("workload", "client"), WORKLOADS)
def test_a_killed_process_loses_nothing_and_pays_once(
    environment: CrashEnvironment, workload: str, client: str
) -> None:
    count = len(environment.points(workload, client))
    first = 1 + WORKLOADS.index((workload, client)) * 5 % STEP  # different points of each workload
    for number in range(min(first, count), count + 1, STEP):
        assert environment.crash(CrashPoint(workload, client, number)) == []


def test_every_effect_is_a_point(environment: CrashEnvironment) -> None:
    """Otherwise a new effect would be left out without notice."""
    names = {name for workload, client in WORKLOADS for name in environment.points(workload, client)}
    for effect in get_args(Effect):
        assert {f"before {effect.__name__}", f"after {effect.__name__}"} <= names
    assert {"before INSERT INTO", "after UPDATE entry", "in the middle of a picture"} <= names


@pytest.mark.parametrize(
    ("workload", "point", "violation"),
    [
        ("silent", "after Open", "lost: the service accepted task "),
        ("insistent", "after WaitForTasks", "paid twice: the service accepted 2 tasks"),
        ("forgetful", "in the middle of a picture", "lost: the service accepted task "),
        ("hasty", "in the middle of a picture", "is not a complete picture"),
        ("grasping", "after Open", "adopted: a resume that only reports lost calls gave a task to one"),
    ],
)
def test_a_client_with_an_injected_fault_is_detected(
    environment: CrashEnvironment, workload: str, point: str, violation: str
) -> None:
    number = environment.points(workload, "sync").index(point) + 1
    assert any(violation in text for text in environment.crash(CrashPoint(workload, "sync", number)))
