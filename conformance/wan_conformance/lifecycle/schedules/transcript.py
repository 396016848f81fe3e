"""The transcript of a schedule as text: requests, responses, and the outcomes of the client's calls."""

from collections.abc import Iterator

from wan_conformance.lifecycle.recorded_call import RecordedCall
from wan_conformance.lifecycle.schedules.scenario_runner import ScenarioResult
from wan_conformance.lifecycle.simulation.service import Exchange


def transcript(result: ScenarioResult) -> str:
    """Return the transcript in chronological order, with the violations at its end."""
    lines, shown = [f"schedule {result.schedule}"], 0
    for call in result.calls:
        lines += [_exchange_line(exchange) for exchange in call.exchanges]
        lines.append(_call_line(call))
        shown += len(call.exchanges)
    lines += [_exchange_line(exchange) for exchange in result.exchanges[shown:]]
    return "\n".join([*lines, *_verdict(result)])


def _exchange_line(exchange: Exchange) -> str:
    fault = f"   <- fault: {exchange.fault_name}" if exchange.fault_name else ""
    return f"{_time(exchange.at)}  {exchange.call} {exchange.number}: {exchange.summary}{fault}"


def _call_line(call: RecordedCall) -> str:
    message = f": {call.outcome.message}" if call.outcome.message else ""
    state = f"; the task is {call.state}" if call.state else ""
    return f"{_time(call.ended)}  => {call.verb} ended with {call.outcome}{message}{state}"


def _verdict(result: ScenarioResult) -> Iterator[str]:
    if not result.violations:
        yield "all invariants hold"
    for violation in result.violations:
        yield f"VIOLATED {violation}"


def _time(seconds: float) -> str:
    return f"{seconds:12,.2f} s"
