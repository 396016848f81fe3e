"""Our client before the true service, watched closely: what it asks when, and what it makes of each answer.

The stories see most of what is wrong in a client's table. These look where no story does: at each poll's
moment, at the second before a term is over, and at the words of an error.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from conformance.lifecycle.table.scene import Scene
from conformance.lifecycle.table.served import RATES
from conformance.lifecycle.table.tasks import DAY, END, WAITS, WORKS
from wanlib.emulator import Fault
from wanlib.errors import LinkExpired, TaskCanceled, TaskFailed, TaskUnknown
from wanlib.runtime.result import Result
from wanlib.spec import Spec

LOOKS = (1.0, 3.0, 7.0, 15.0, 25.0, 35.0, 45.0, 55.0)
"""Seconds at which a task is looked at in its first minute: a second after its submission, then in gaps that
double to the ten that the pages advise."""
_FAILS = Fault("fail", code="InternalError", on=("async",))
_NEVER = float("inf")


def untrue(true: Spec, folder: Path) -> Iterator[str]:
    """What is wrong in the client as it is now, in words. folder: for its journal and pictures."""
    for waits, works, watch in _WATCHES:
        scene = Scene(true, folder, waits, works)
        try:
            yield from watch(scene)
        finally:
            scene.close()


def _succeeds(scene: Scene) -> Iterator[str]:
    heard: list[str] = []
    task = scene.submitted()
    said = _outcome(lambda: task.wait(timeout=60.0, on_status=lambda _, status: heard.append(status)))
    yield from _due("a task that succeeds", said, Result)
    if heard != (due := ["PENDING", "RUNNING", "SUCCEEDED"]):
        yield f"the wait told of {', '.join(heard)}, due were {', '.join(due)}"
    yield from _looked(scene, 3)


def _fails(scene: Scene) -> Iterator[str]:
    task = scene.submitted(_FAILS)
    yield from _due("a task that fails", _outcome(lambda: task.wait(timeout=60.0)), TaskFailed)
    yield from _looked(scene, 3)


def _canceled(scene: Scene) -> Iterator[str]:
    task = scene.submitted()
    task.cancel()
    yield from _due("a task that is canceled", _outcome(lambda: task.wait(timeout=60.0)), TaskCanceled)
    yield from _looked(scene, 1)


def _goes_on(scene: Scene) -> Iterator[str]:
    task = scene.submitted()
    _outcome(lambda: task.wait(timeout=60.0))
    yield from _looked(scene, len(LOOKS))


def _forgotten(scene: Scene) -> Iterator[str]:
    """UNKNOWN is told from 24 hours on to be the end of the term, before to be a strange key's."""
    task = scene.submitted()
    for at, word, words in ((DAY - 0.5, "UNKNOWN", "though a task is kept"), (DAY, "", "has expired")):
        scene.time.at = at
        if word:
            scene.doubts(word)
        said = _outcome(lambda: task.wait(timeout=60.0))
        yield from _due("a task that is UNKNOWN", said, TaskUnknown)
        if words not in str(said):
            told = f"UNKNOWN is explained by {str(said)[:90]!r}"
            yield f"{DAY - at:g} s before the term {told}, due was {words!r}"


def _resumed(scene: Scene) -> Iterator[str]:
    """Half a second before its term is over, a task can still be taken up."""
    scene.submitted()
    scene.anew()
    scene.time.at = DAY - 0.5
    said = _outcome(lambda: scene.wan.resume(timeout=60.0))
    if len(getattr(said, "results", ())) != 1:
        yield f"half a second before the term a resume comes to {type(said).__name__} without the result"


def _saved(scene: Scene) -> Iterator[str]:
    """A picture is fetched as long as its link lives, and not asked for from then on."""
    result = _outcome(scene.submitted().wait)
    for at, name, count in ((END + DAY - 0.5, "in time", 1), (END + DAY, "too late", 0)):
        scene.time.at = at
        before = len(scene.made("result"))
        said = _outcome(lambda: result.save(scene.folder, overwrite=True))
        if isinstance(said, LinkExpired) == bool(count):
            yield f"{name}, a save comes to {type(said).__name__}"
        if (fetched := len(scene.made("result")) - before) != count:
            yield f"{name}, {fetched} links are followed, due were {count}"


def _paced(scene: Scene) -> Iterator[str]:
    """Calls of one kind come as fast as the account's rate allows, and no faster."""
    tasks = [scene.submitted() for _ in range(3)]
    for call, ask in _CALLS.items():
        for task in tasks:
            ask(scene, task)
        first, *_, last = scene.made(call)
        if round(last - first, 6) != round((due := 2 / RATES[call]), 6):
            yield f"three calls of {call} take {last - first:.4f} s, due were {due:.4f} s"


_CALLS: dict[str, Callable[[Scene, Any], Any]] = {
    "query": lambda _, task: task.status(),
    "list": lambda scene, _: list(scene.wan.tasks()),
    "cancel": lambda _, task: task.cancel(),
}
_WATCHES: tuple[tuple[float, float, Callable[[Scene], Iterator[str]]], ...] = (
    (WAITS, WORKS, _succeeds),
    (WAITS, WORKS, _fails),
    (WAITS, WORKS, _canceled),
    (WAITS, _NEVER, _goes_on),
    (_NEVER, _NEVER, _goes_on),
    (WAITS, WORKS, _forgotten),
    (WAITS, WORKS, _resumed),
    (WAITS, WORKS, _saved),
    (_NEVER, _NEVER, _paced),
)


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return error


def _due(what: str, said: Any, due: type) -> Iterator[str]:
    if not isinstance(said, due):
        yield f"the wait for {what} comes to {type(said).__name__}, due was {due.__name__}"


def _looked(scene: Scene, count: int) -> Iterator[str]:
    """So many polls, each at its moment, and none after the end."""
    if (made := tuple(round(at, 6) for at in scene.made("query"))) != LOOKS[:count]:
        yield f"polls after {_seconds(made)} s, due were {_seconds(LOOKS[:count])} s"


def _seconds(moments: tuple[float, ...]) -> str:
    told = ", ".join(f"{at:g}" for at in moments[: len(LOOKS)])
    return told if len(moments) <= len(LOOKS) else f"{told} and {len(moments) - len(LOOKS)} more"
