"""What the client says and what the service says, each held against all that a task can have come to."""

from collections.abc import Iterator, Mapping
from typing import Any

from wan_conformance.lifecycle.clients.base import CallOutcome
from wan_conformance.lifecycle.simulation.task_model import TaskModel
from wan_conformance.lifecycle.stateful.call import Act
from wan_conformance.lifecycle.stateful.service import ServiceExchange


class ConsistencyChecker:
    """Knows `task.yaml`, and of each task what was heard; nothing of the service's books."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        outcomes = table["outcomes"]
        self._table, self._unknown = table, outcomes["unknown"]
        self._words = {
            "result": outcomes["succeeded"],
            "failed": outcomes["failed"],
            "was canceled": outcomes["canceled"],
            "canceled": outcomes["canceled"],
            "forgotten": outcomes["unknown"],
        }
        self._told: dict[str, TaskModel] = {}
        self._served: dict[str, TaskModel] = {}
        self._creates: list[tuple[float, float]] = []

    def forgotten(self, task: str) -> None:
        """The service has forgotten a task before its time: from now on it never was."""
        self._told[task] = TaskModel(self._table)
        self._served[task] = TaskModel(self._table)

    def check_call(self, act: Act) -> Iterator[str]:
        """What no history of the tasks allows."""
        for met in act.met:
            for task, why in self._check_service(met):
                if why:
                    yield f"the service broke the table: of task {task} {why}"
        if act.verb in ("submit", "edit"):
            self._creates.append((act.began, act.ended))
        for task in act.reported_tasks:
            if task not in self._told:
                self._told[task] = self._possible_state(act)
        for said in (act.said, *act.said.parts):
            for task, why in self._check_client(act, said):
                if why:
                    yield f"illegal: {act.verb} came to {said}, and of task {task} {why}"

    def _check_service(self, met: ServiceExchange) -> Iterator[tuple[str, str]]:
        """The answers themselves, at the moment at which they were given."""
        for task in met.accepted:
            self._served[task] = TaskModel(self._table, met.at)
        if met.call == "list" and met.answer:
            for each in met.answer.get("data", ()):
                yield each["task_id"], self._observed(self._served, each["task_id"], each["status"], met.at)
        if met.call == "query" and met.answer:
            state = met.answer["output"]["task_status"] if met.is_certain else self._words["failed"]
            yield met.task, self._observed(self._served, met.task, state, met.at)
        if met.call == "cancel":
            possible = self._served.setdefault(met.task, TaskModel(self._table))
            said = "code" not in met.answer if met.answer else None
            yield met.task, possible.call_finished(possible.call_started("cancel", met.at), met.at, said)

    def _check_client(self, act: Act, said: CallOutcome) -> Iterator[tuple[str, str]]:
        """The words of the client, for which the service had from the beginning of the verb to its end."""
        if said.kind == "list" and act.verb == "list":
            for task in sorted(self._told.keys() - set(said.tasks)):
                yield task, self._asked(act, task, self._unknown)
        if act.verb == "cancel":
            yield act.task, self._canceled(act, said)
        elif said.kind in self._words:
            sure = said.kind != "failed" or not act.met_lying_fault("inside")
            yield said.task_id, self._asked(act, said.task_id, self._words[said.kind] if sure else None)
        elif said.kind == "state":
            sure = not act.met_lying_fault("inside", "status")
            yield said.task_id, self._asked(act, said.task_id, said.state if sure else None)

    def _possible_state(self, act: Act) -> TaskModel:
        """What a task may be of which the client has not spoken before."""
        possible = TaskModel(self._table)
        if act.verb in ("submit", "edit"):
            possible.call_finished(possible.call_started("create", act.began), act.ended, said=True)
        elif self._creates:  # one of those whose answer was lost
            possible.call_finished(
                possible.call_started("create", self._creates[0][0]), self._creates[-1][1], None
            )
        return possible

    def _canceled(self, act: Act, said: CallOutcome) -> str:
        """A cancel was accepted, or the client has seen that an earlier one was."""
        possible = self._told[act.task]
        cancel = possible.call_started("cancel", act.began)
        if said.kind == "canceled":
            why = self._asked(act, act.task, self._words[said.kind])
            return why or possible.call_finished(cancel, act.ended, None)
        refused = said.kind == "refused" and not act.met_lying_fault("status", "inside", "error", "again")
        return possible.call_finished(cancel, act.ended, False if refused else None)

    def _asked(self, act: Act, task: str, state: str | None) -> str:
        possible = self._told[task]
        return possible.call_finished(possible.call_started("query", act.began), act.ended, state)

    def _observed(self, known: dict[str, TaskModel], task: str, state: str, at: float) -> str:
        return known.setdefault(task, TaskModel(self._table)).observe(state, at)
