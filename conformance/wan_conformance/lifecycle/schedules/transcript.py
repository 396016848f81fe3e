"""A played story as text: what was asked, what was answered, what the client made of it."""

from collections.abc import Iterator

from wan_conformance.lifecycle.schedules.scenario_runner import ScenarioResult
from wan_conformance.lifecycle.schedules.scenarios import CallRecord
from wan_conformance.lifecycle.simulation.service import Exchange


def trace(played: ScenarioResult) -> str:
    """The story line by line, in the order of time, with the broken promises at its end."""
    lines, told = [f"schedule {played.schedule}"], 0
    for done in played.done:
        lines += [_exchange(each) for each in played.exchanges[told : done.exchanges]]
        lines.append(_verb(done))
        told = done.exchanges
    lines += [_exchange(each) for each in played.exchanges[told:]]
    return "\n".join([*lines, *_verdict(played)])


def _exchange(each: Exchange) -> str:
    fault = f"   <- fault: {each.fault}" if each.fault else ""
    return f"{_time(each.at)}  {each.call} {each.number}: {each.answered}{fault}"


def _verb(done: CallRecord) -> str:
    said = f"{done.said}: {done.said.words}" if done.said.words else str(done.said)
    state = f"; the task is {done.state}" if done.state else ""
    return f"{_time(done.ended)}  => {done.verb} came to {said}{state}"


def _verdict(played: ScenarioResult) -> Iterator[str]:
    if not played.broken:
        yield "all promises kept"
    for each in played.broken:
        yield f"BROKEN {each}"


def _time(seconds: float) -> str:
    return f"{seconds:12,.2f} s"
