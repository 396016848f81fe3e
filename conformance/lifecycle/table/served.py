"""A service that lives by a table, judged by raw requests at the moments that matter.

Two judges: the states that the true table has a path to (`Possible`), and what is due to the microsecond.
"""

from collections.abc import Iterator
from typing import Any

from conformance.lifecycle.possible import Possible
from conformance.lifecycle.table.asker import Asker
from conformance.lifecycle.table.tasks import CANCELED_AT, DAY, END, MOMENTS, WAITS, WORKS, Task, tasks
from wanlib.emulator import Settings
from wanlib.spec import Spec

RATES = {"query": 20, "list": 20, "cancel": 20}
"""Calls a second that the pages allow to one account."""
_STATES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN")
_NEVER = "00000000-0000-4000-8000-000000000000"


def wrong(true: Spec, served: Spec) -> Iterator[str]:
    """What is wrong in the service of a spec, by the true one, in words; nothing of the true one itself."""
    asker = Asker(served, Settings(waiting=WAITS, working=WORKS))
    try:
        yield from _Lives(true, asker).wrong()
    finally:
        asker.close()
    for call, rate in RATES.items():
        yield from _wrong_rate(served, call, rate)


class _Lives:
    """Some tasks of one service, from their submission to days after their end."""

    def __init__(self, true: Spec, asker: Asker) -> None:
        self._asker, self._table = asker, true.task
        self._tasks = tasks()
        self._links: list[str] = []

    def wrong(self) -> Iterator[str]:
        for task in self._tasks:
            yield from self._submitted(task)
        for at in MOMENTS:
            self._asker.time.at = at
            for task in self._tasks:
                if at == CANCELED_AT and task.canceled:
                    yield from self._cancel(task, at)
                yield from self._looked_at(task, at)
                if at >= WAITS:  # too late for any of them
                    yield from self._cancel(task, at)
            yield from self._of_a_stranger(at)
            yield from self._listed(at)
            yield from self._linked(at)

    def _submitted(self, task: Task) -> Iterator[str]:
        answer = self._asker.create(task.shape, task.seed, task.pictures + task.failures, task.fault)
        told, task.id = answer["output"]["task_status"], answer["output"]["task_id"]
        task.may = Possible(self._table, 0.0)
        if told != "PENDING":
            yield f"the answer to a create tells {told}, due was PENDING"

    def _looked_at(self, task: Task, at: float) -> Iterator[str]:
        answer = self._asker.query(task.id)
        told, due = answer["output"]["task_status"], task.due(at)
        if why := task.may.observe(told, at):
            yield f"{_time(at)}: {why}"
        if told != due:
            yield f"{_time(at)}: a query tells {told}, due was {due}"
        yield from (f"{_time(at)}: {told} with {what}" for what in _odd(task, told, answer["output"]))
        if told == "SUCCEEDED" and not self._links:
            self._links = _links(answer["output"])

    def _of_a_stranger(self, at: float) -> Iterator[str]:
        told = self._asker.query(_NEVER)["output"]["task_status"]
        if told != "UNKNOWN":
            yield f"{_time(at)}: an id that never was is {told}, due was UNKNOWN"
        told = self._asker.query(self._tasks[0].id, "status")["output"]["task_status"]
        if told in _STATES:
            yield f"{_time(at)}: the status that no page describes is {told}"
        if self._asker.cancel(_NEVER) == 200:
            yield f"{_time(at)}: the cancel of an id that never was is accepted"

    def _listed(self, at: float) -> Iterator[str]:
        told = {item["task_id"]: item["status"] for item in self._asker.list()["data"]}
        for task in self._tasks:
            due = task.due(at) if at < DAY else "not there"
            if (met := told.get(task.id, "not there")) != due:
                yield f"{_time(at)}: in the list a task is {met}, due was {due}"

    def _linked(self, at: float) -> Iterator[str]:
        """The pictures of the first result; its links die a day after its end."""
        due = at < END + DAY
        for url in self._links:
            if (self._asker.download(url) == 200) != due:
                can = "can not" if due else "can"
                yield f"{_time(at)}: a picture {can} be fetched, its life is a day from the end"

    def _cancel(self, task: Task, at: float) -> Iterator[str]:
        call = task.may.sent("cancel", at)
        accepted = self._asker.cancel(task.id) == 200
        if why := task.may.answered(call, at, accepted):
            yield f"{_time(at)}: {why}"


def _odd(task: Task, told: str, output: Any) -> Iterator[str]:
    """What an answer lacks that its state is due to bring."""
    if told == "SUCCEEDED" and len(_links(output)) != task.pictures:
        yield f"{len(_links(output))} pictures, due were {task.pictures}"
    failures = [entry for entry in output.get("results", ()) if "code" in entry]
    if told == "SUCCEEDED" and len(failures) != task.failures:
        yield f"{len(failures)} failures, due were {task.failures}"
    if (told == "FAILED") != ("code" in output):
        yield "no code" if told == "FAILED" else "a code"


def _links(output: Any) -> list[str]:
    parts = [part for choice in output.get("choices", ()) for part in choice["message"]["content"]]
    entries = [*parts, *output.get("results", ())]
    return [entry.get("image") or entry["url"] for entry in entries if "image" in entry or "url" in entry]


def _wrong_rate(served: Spec, call: str, rate: int) -> Iterator[str]:
    """So many calls at one moment are let pass and not one more, until the second is over."""
    asker = Asker(served, Settings(quotas=True))
    try:
        task_id = asker.create("choices", 0, 1)["output"]["task_id"]
        for number in range(1, rate + 2):
            if asker.throttled(call, task_id) != (number > rate):
                yield f"{call} {number} of a second is {'refused' if number <= rate else 'let pass'}"
                return
        asker.time.at = 1.0
        if asker.throttled(call, task_id):
            yield f"{call} is refused when the second is over"
    finally:
        asker.close()


def _time(at: float) -> str:
    return f"{at:,.6f}".rstrip("0").rstrip(".") + " s after the submission"
