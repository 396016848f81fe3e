"""The scenarios for clients: the order, and the behaviour of the service.

Each scenario is one order: one call, whose pictures are saved. `scenarios` builds the table for a spec, whose
models and error codes it uses.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from wan_conformance.conduct.orders import ClientOrder
from wanlib.emulator import Fault, Settings
from wanlib.emulator.jobs.lifecycle import lifecycle_from_spec
from wanlib.input_error import InputError
from wanlib.spec import Spec

TIMEOUT = 30.0
"""Seconds that a client may take, unless the scenario states another time."""
_SHORT = 10.0  # seconds that a client may take for a task that never ends
_SLOW = 34.0  # seconds of a task: a client that doubles its interval up to ten seconds polls it six times
_MANY = 60  # faults of a kind that lasts: more than a client sends requests in its time
_IMAGE = "https://example.com/street.png"
_PROMPT = "Make it dusk"


class ConductScenario(NamedTuple):
    """One scenario.

    Attributes:
        name: Its name on the command line.
        about: What happens, in words.
        order: The order, without the folder for the pictures.
        faults: The faults of the next requests.
        settings: How long tasks take.
        succeeds: Whether a careful client has pictures in the end; None if either end is right.
    """

    name: str
    about: str
    order: ClientOrder
    faults: tuple[Fault | None, ...] = ()
    settings: Settings = Settings(waiting=0.5, working=1.5)
    succeeds: bool | None = True


class ScenarioError(InputError, ValueError):
    """A scenario does not exist; the message lists those that do."""


def scenarios(spec: Spec) -> Mapping[str, ConductScenario]:
    """Return the scenarios for a spec by name, the longest first."""
    return {scenario.name: scenario for scenario in _ScenarioTable(spec).rows()}


def chosen_scenarios(spec: Spec, names: tuple[str, ...]) -> tuple[ConductScenario, ...]:
    """Return the scenarios with these names; all of them without names.

    Raises:
        ScenarioError: A name is unknown.
    """
    known = scenarios(spec)
    for name in names:
        if name not in known:
            raise ScenarioError(f"unknown scenario {name!r}; the scenarios are {', '.join(known)}")
    return tuple(scenario for scenario in known.values() if not names or scenario.name in names)


class _ScenarioTable:
    """Builds the scenarios of one spec."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._lifecycle = lifecycle_from_spec(spec.task)
        self._choices = self._model("choices", "async")
        self._results = self._model("results", "async")
        self._sync = self._model(None, "sync")
        self._stream = self._model(None, "stream")

    def rows(self) -> list[ConductScenario]:
        """Return the scenarios that the models of the spec allow."""
        model = self._choices or self._results
        rows = [*self._about_tasks(model)] if model else []
        return [*rows, *self._about_containers()]

    def _about_tasks(self, model: str) -> list[ConductScenario]:
        life = self._lifecycle
        rate, unavailable = self._code("rate", 429), self._code("service", 503)
        moderation = self._code("moderation", 400)
        one, slow = self._order(model), self._order(model, timeout=2 * TIMEOUT)
        late = self._order(model, timeout=_SHORT)
        throttled = Fault("error", code=rate, retry_after="2", on=("query",))
        busy = Fault("error", code=unavailable, on=("query",))
        running = Fault("status", word=life.working, on=("query",))
        dead = Fault("error", code=moderation, status=403, on=("result",))
        return [
            ConductScenario(
                "slow-task", "the task takes half a minute", slow, settings=Settings(waiting=2, working=_SLOW)
            ),
            ConductScenario(
                "endless-task",
                "the task never ends",
                late,
                settings=Settings(working=float("inf")),
                succeeds=False,
            ),
            ConductScenario(
                "silent-polls",
                "no poll is answered, and the connection stays open",
                late,
                (Fault("silent", on=("query",)),) * _MANY,
                succeeds=False,
            ),
            ConductScenario("good-day", "nothing goes wrong", one),
            ConductScenario(
                "busy-polls",
                "two polls are answered with 429, one with 503",
                one,
                (throttled, throttled, busy),
            ),
            ConductScenario(
                "busy-create",
                "the create is answered with 429 and Retry-After",
                one,
                (Fault("error", code=rate, retry_after="3", on=("async",)),),
                succeeds=None,
            ),
            ConductScenario(
                "unavailable-create",
                "the create is answered with 503, although it was accepted",
                one,
                (Fault("error", code=unavailable, done=True, on=("async",)),),
                succeeds=None,
            ),
            ConductScenario(
                "lost-answer",
                "the create is accepted, and the connection ends before the answer",
                one,
                (Fault("cut", where="before", on=("async",)),),
                succeeds=None,
            ),
            ConductScenario(
                "failed-task", "the task fails", one, (Fault("fail", on=("async",)),), succeeds=False
            ),
            ConductScenario(
                "moderation",
                "the create is refused for its content",
                one,
                (Fault("error", code=moderation, on=("async",)),) * _MANY,
                succeeds=False,
            ),
            ConductScenario(
                "canceled-task",
                "the task is canceled by another client of the account",
                one,
                (Fault("status", word=life.canceled, on=("query",)),) * _MANY,
                succeeds=False,
            ),
            ConductScenario(
                "unknown-task",
                "after the first poll the service no longer knows the task",
                one,
                (running, *(Fault("status", word=life.unknown, on=("query",)),) * _MANY),
                succeeds=False,
            ),
            ConductScenario(
                "unlisted-status",
                "two polls are answered with a state that no page lists",
                one,
                (Fault("status", word=life.unlisted, on=("query",)),) * 2,
            ),
            ConductScenario(
                "dead-link", "the links of the pictures are refused", one, (dead,) * _MANY, succeeds=False
            ),
        ]

    def _about_containers(self) -> list[ConductScenario]:
        """Return the scenarios with several pictures, and with calls that have no task."""
        rows = []
        if self._choices:
            order = self._order(self._choices, count=3)
            single = Settings(waiting=0.5, working=1.5, choice_layout="single")
            each = replace(single, choice_layout="each")
            rows += [
                ConductScenario(
                    "choice-each", "three pictures, each in its own choice", order, settings=each
                ),
                ConductScenario("one-choice", "three pictures in one choice", order, settings=single),
            ]
        if self._results:
            order = self._order(self._results, count=3)
            partial = Fault("partial", count=1, on=("async",))
            rows += [
                ConductScenario("results", "three pictures in a list of results", order),
                ConductScenario(
                    "partial-success", "one picture of three fails", order, (partial,), succeeds=None
                ),
            ]
        if self._sync:
            order = self._order(self._sync, "sync", count=2)
            lost = Fault("cut", where="before", on=("sync",))
            rows += [
                ConductScenario("sync-call", "a synchronous call for two pictures", order),
                ConductScenario(
                    "lost-sync-answer",
                    "the pictures of a synchronous call are made, and the connection ends before the answer",
                    order,
                    (lost,),
                    succeeds=None,
                ),
            ]
        if self._stream:
            order = self._order(self._stream, "stream", count=2)
            rows.append(ConductScenario("stream", "a streamed call for two pictures", order))
        return rows

    def _order(
        self, model: str, call: str = "async", count: int = 1, timeout: float = TIMEOUT
    ) -> ClientOrder:
        family = self._spec.family(model)
        parameters: dict[str, Any] = {}
        if call == "stream" and call in family.verbs:
            parameters |= family.verbs[call].always_sends
        parameters[self._count_parameter(model, call)] = count
        return ClientOrder(model, call, _PROMPT, (_IMAGE,), count, parameters, timeout, Path())

    def _count_parameter(self, model: str, call: str) -> str:
        """Return the parameter that bounds the number of pictures; a streamed call has its own mode."""
        by_mode = self._spec.family(model).output["count_of"]
        names = [name for mode, name in by_mode.items() if mode in (None, "otherwise")]
        special = [name for mode, name in by_mode.items() if mode not in (None, "otherwise")]
        return str((special or names)[0] if call == "stream" else (names or special)[0])

    def _model(self, container: str | None, call: str) -> str:
        """Return the first model with this container and this call, "" if there is none."""
        spec = self._spec
        for model in spec.models:
            if call in spec.calls(model) and container in (None, spec.family(model).output["result"]):
                return model
        return ""

    def _code(self, kind: str, status: int) -> str:
        """Return the first code of a class with a status."""
        errors = self._spec.wire["errors"]
        codes = [code for code, row in errors.items() if row["class"] == kind and row["status"] == status]
        return str(codes[0])
