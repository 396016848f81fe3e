"""The fault schedules: which faults are injected into which steps of which scenario, under which conditions.

`schedules` enumerates them; `parse_schedule` reads the id that a failure prints, such as
`late/sync/create=lost/poll2=page`.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import NamedTuple

from wan_conformance.lifecycle.simulation.service import FAULTS
from wanlib.base.redaction import safe_repr

OUR_CLIENTS = ("sync", "async")
CLIENTS = (*OUR_CLIENTS, "sdk-pinned", "sdk-newest")
MAIN_FAULTS = tuple(FAULTS)[:10]
"""The faults that are combined with each other; each of the others is similar to one of these."""
SURPLUS_FAULTS = frozenset({"twice", "later", "behind"})
"""Faults that have an effect only on connections, which `NETWORK_SCENARIO` has."""
HARMLESS_FAULTS = frozenset({"trickle", "slow", "strange", "after", "again", "other", *SURPLUS_FAULTS})
"""Faults under which a client can still read the response to a create, a cancel or a download."""
POLL_STEPS = ("poll1", "poll2", "poll3")
STEPS = {
    "edit": ("create", *POLL_STEPS, "download"),
    "late": ("create", "cancel", *POLL_STEPS, "download"),
    "cancel": ("create", "cancel", *POLL_STEPS),
    "stale": ("create", *POLL_STEPS),
    "expired": ("create", *POLL_STEPS),
    "stuck": ("create", *POLL_STEPS),
    "failed": ("create", *POLL_STEPS),
    "partial": ("create", *POLL_STEPS, "download"),
    "foreign": (*POLL_STEPS, "cancel"),
    "edge": ("create", *POLL_STEPS),
    "two": ("create", "create2", *POLL_STEPS, "download"),
}
"""The steps of each scenario into which a fault can be injected: the first exchange of a kind, the first
three polls."""
CLOCKS = {"ahead": 180.0, "behind": -180.0, "zone": 28_800.0}
"""The seconds by which the clock of the client is ahead of that of the service."""
CONDITIONS: dict[str, tuple[str, ...]] = {
    "polls": ("silent",),
    "downloads": ("slow",),
    "clock": tuple(CLOCKS),
    "account": ("shared",),
    **{f"write{number}": ("once", "full") for number in range(1, 7)},
}
"""Conditions that last for the whole scenario: polls get no response, or every download is slow;
the clock differs; another client of the account makes the same call just before; a write to the journal
fails, once or with all later ones."""
OUR_CONDITIONS = frozenset({"clock", "account", *(step for step in CONDITIONS if step.startswith("write"))})
"""The conditions that are about a journal, and about the search for lost calls, which other clients lack."""
NETWORK_SCENARIO = "two"
"""The scenario in which our clients use their own transport, over simulated connections."""
FULL_SCENARIO = "late"
"""The scenario that has all steps."""
PAIRED_SCENARIOS = (FULL_SCENARIO, "edit", "cancel", "expired", "stuck", "edge")
"""The scenarios with two faults. The others are the same as `edit` or `late` up to their last step, which
does not depend on earlier faults; in `foreign` no fault changes anything for a later one."""
_READ_STEPS = frozenset({*POLL_STEPS, "download"})
_CREATES = ("create", "create2")


class Schedule(NamedTuple):
    """A scenario, run by one client, with faults.

    Attributes:
        scenario: A name of `STEPS`.
        client: One of `CLIENTS`.
        faults: Pairs of a step and a name of `FAULTS`, or of a condition and one of its kinds; at most one
            per step.
    """

    scenario: str
    client: str
    faults: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Return the id, which `parse_schedule` reads."""
        return "/".join((self.scenario, self.client, *(f"{step}={fault}" for step, fault in self.faults)))


def equivalent_schedule(schedule: Schedule) -> Schedule:
    """Return the representative of all schedules that are equivalent for client and service.

    If a connection is cut during a read, it makes no difference whether the service has read the request: it
    changed nothing, and the client sees the same error.
    """
    return schedule._replace(
        faults=tuple(
            (step, "before") if step in _READ_STEPS and fault == "unread" else (step, fault)
            for step, fault in schedule.faults
        )
    )


def schedules(
    max_faults: int, scenarios: Sequence[str] = tuple(STEPS), clients: Sequence[str] = OUR_CLIENTS
) -> Iterator[Schedule]:
    """Enumerate all schedules with up to a number of faults.

    Two faults are combined in `PAIRED_SCENARIOS`: all faults in `FULL_SCENARIO`, `MAIN_FAULTS` in the others.
    Three and more are combined in `FULL_SCENARIO`, out of `MAIN_FAULTS`.

    Args:
        max_faults: The maximum number of faults in one schedule, from 0.
        scenarios: Names of `STEPS`.
        clients: Names of `CLIENTS`.
    """
    for scenario, client, count in product(scenarios, clients, range(max_faults + 1)):
        if count < 2 or (count == 2 and scenario == FULL_SCENARIO):
            yield from _combinations(scenario, client, count, tuple(FAULTS), conditions_of(scenario, client))
        elif count == 2 and scenario in PAIRED_SCENARIOS:
            yield from _combinations(scenario, client, count, MAIN_FAULTS, conditions_of(scenario, client))
        elif scenario == FULL_SCENARIO:
            yield from _combinations(scenario, client, count, MAIN_FAULTS, ())


def conditions_of(scenario: str, client: str) -> tuple[str, ...]:
    """Return the conditions that make a difference to a client in a scenario."""
    return tuple(
        condition
        for condition in CONDITIONS
        if (client in OUR_CLIENTS or condition not in OUR_CONDITIONS)
        and (condition != "downloads" or "download" in STEPS[scenario])
        and (scenario != "foreign" or condition == "polls")
    )


def fault_names(scenario: str, step: str, names: Sequence[str] = tuple(FAULTS)) -> tuple[str, ...]:
    """Return the faults for a step: those of `names` that fit it; or the kinds of a condition."""
    if step in CONDITIONS:
        return CONDITIONS[step]
    fitting = (name for name in names if scenario == NETWORK_SCENARIO or name not in SURPLUS_FAULTS)
    return tuple(name for name in fitting if _fits(step, name))


def _fits(step: str, name: str) -> bool:
    if name == "again":  # two tasks for one create, which the client neither causes nor can detect
        return step not in _CREATES
    if name == "other":
        return step in POLL_STEPS
    return name != "reused" or step == "create2"


def _combinations(
    scenario: str, client: str, count: int, names: Sequence[str], conditions: Sequence[str]
) -> Iterator[Schedule]:
    for steps in combinations((*STEPS[scenario], *conditions), count):
        for chosen in product(*(fault_names(scenario, step, names) for step in steps)):
            yield Schedule(scenario, client, tuple(zip(steps, chosen, strict=True)))


def has_network(schedule: Schedule) -> bool:
    """Return True if the client of a schedule uses simulated connections, not `InProcessClient`."""
    return schedule.scenario == NETWORK_SCENARIO and schedule.client in OUR_CLIENTS


def parse_schedule(text: str) -> Schedule:
    """Parse the id of a schedule.

    Raises:
        ValueError: The text is not an id; the message states the problem and what is allowed.
    """
    scenario, _, rest = text.partition("/")
    client, *assignments = rest.split("/")
    _check("scenario", scenario, tuple(STEPS))
    _check("client", client, CLIENTS)
    faults: dict[str, str] = {}
    for assignment in assignments:
        step, _, fault = assignment.partition("=")
        steps = (*STEPS[scenario], *conditions_of(scenario, client))
        _check("step", step, tuple(step for step in steps if step not in faults))
        _check("fault", fault, fault_names(scenario, step))
        faults[step] = fault
    return Schedule(scenario, client, tuple(faults.items()))


def _check(what: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{what} is {safe_repr(value)}; allowed: {', '.join(allowed)}")
