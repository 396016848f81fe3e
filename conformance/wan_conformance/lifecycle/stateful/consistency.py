"""The consistency of all reports about a task with the state table.

The checker keeps two `TaskModel`s of each task: one of the reports of the service, in its responses, and one
of the reports of the client, in the outcomes of its calls. Neither uses the service's store. A report that
no legal history of the task explains is a violation.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from wan_conformance.lifecycle.clients.base import CREATE_VERBS, CallOutcome
from wan_conformance.lifecycle.recorded_call import RecordedCall
from wan_conformance.lifecycle.simulation.service import Exchange
from wan_conformance.lifecycle.simulation.task_model import TaskModel


class ConsistencyChecker:
    """Checks the reports of one session against the state table."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        """Create a checker; `table` is `Spec.task`."""
        outcomes = table["outcomes"]
        self._table, self._unknown = table, outcomes["unknown"]
        self._states = {
            "result": outcomes["succeeded"],
            "failed": outcomes["failed"],
            "was canceled": outcomes["canceled"],
            "canceled": outcomes["canceled"],
            "forgotten": outcomes["unknown"],
        }
        self._client_models: dict[str, TaskModel] = {}
        self._service_models: dict[str, TaskModel] = {}
        self._creates: list[tuple[float, float]] = []

    def forget(self, task: str) -> None:
        """Note that the service dropped a task before it expired, as if it had never existed."""
        self._client_models[task] = TaskModel(self._table)
        self._service_models[task] = TaskModel(self._table)

    def check_call(self, call: RecordedCall) -> Iterator[str]:
        """Check the reports of one call; describe those that no history of the tasks allows."""
        for exchange in call.exchanges:
            for task, problem in self._check_service(exchange):
                if problem:
                    yield f"the service violates the state table: of task {task} {problem}"
        if call.verb in CREATE_VERBS:
            self._creates.append((call.began, call.ended))
        for task in call.reported_tasks:
            if task not in self._client_models:
                self._client_models[task] = self._new_model(call)
        for outcome in call.outcomes:
            for task, problem in self._check_client(call, outcome):
                if problem:
                    yield f"illegal: {call.verb} ended with {outcome}, and of task {task} {problem}"

    def _check_service(self, exchange: Exchange) -> Iterator[tuple[str, str]]:
        """Check a response at the time at which it was given."""
        at = exchange.at
        for task in (*exchange.accepted, *exchange.foreign):
            self._service_models[task] = TaskModel(self._table, at)
        if exchange.call == "list" and exchange.body:
            for row in exchange.payload.get("data", ()):
                yield row["task_id"], self._observe_service(row["task_id"], row["status"], at)
        if exchange.call == "query" and exchange.body:
            output = exchange.payload.get("output")
            state = output["task_status"] if exchange.is_certain else self._states["failed"]
            yield exchange.task, self._observe_service(exchange.task, state, at)
        if exchange.call == "cancel":
            model = self._service_models.setdefault(exchange.task, TaskModel(self._table))
            accepted = "code" not in exchange.payload if exchange.body else None
            yield exchange.task, model.call_finished(model.call_started("cancel", at), at, accepted)

    def _check_client(self, call: RecordedCall, outcome: CallOutcome) -> Iterator[tuple[str, str]]:
        """Check an outcome, which may reflect any time between the start and the end of its call."""
        if outcome.kind == "list" and call.verb == "list":
            for task in sorted(self._client_models.keys() - set(outcome.tasks)):
                yield task, self._query(call, task, self._unknown)
        if call.verb == "cancel":
            yield call.task, self._cancel(call, outcome)
        elif outcome.kind in self._states:
            is_sure = outcome.kind != "failed" or not call.had_fault_of("inside")
            state = self._states[outcome.kind] if is_sure else None
            yield outcome.task_id, self._query(call, outcome.task_id, state)
        elif outcome.kind == "state":
            is_sure = not call.had_fault_of("inside", "status")
            yield outcome.task_id, self._query(call, outcome.task_id, outcome.state if is_sure else None)

    def _new_model(self, call: RecordedCall) -> TaskModel:
        """Return the model of a task that the client has not reported before."""
        model = TaskModel(self._table)
        if call.verb in CREATE_VERBS:
            model.call_finished(model.call_started("create", call.began), call.ended, report=True)
        elif self._creates:  # one of those whose response was lost
            model.call_finished(model.call_started("create", self._creates[0][0]), self._creates[-1][1], None)
        return model

    def _cancel(self, call: RecordedCall, outcome: CallOutcome) -> str:
        """Check a cancel: it was accepted, or the client saw that an earlier one was accepted."""
        model = self._client_models[call.task]
        cancel = model.call_started("cancel", call.began)
        if outcome.kind == "canceled":
            problem = self._query(call, call.task, self._states[outcome.kind])
            return problem or model.call_finished(cancel, call.ended, None)
        is_refused = outcome.kind == "refused" and not call.had_fault_of("status", "inside", "error", "again")
        return model.call_finished(cancel, call.ended, False if is_refused else None)

    def _query(self, call: RecordedCall, task: str, state: str | None) -> str:
        model = self._client_models[task]
        return model.call_finished(model.call_started("query", call.began), call.ended, state)

    def _observe_service(self, task: str, state: str, at: float) -> str:
        return self._service_models.setdefault(task, TaskModel(self._table)).observe(state, at)
