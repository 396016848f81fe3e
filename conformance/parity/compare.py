"""Both sides of each call held together, and what was declared held against what was met."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from conformance.parity.asked import Asked
from conformance.parity.declared import Declared
from conformance.parity.sdk import Answered
from conformance.parity.sent import Difference, Sent, differences
from wanlib.spec import Spec


@dataclass
class Compared:
    """What came of an SDK. same: calls without any difference but declared ones. faults: all else."""

    sdk: str
    calls: int = 0
    same: int = 0
    met: Counter[Declared] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def compare(
    spec: Spec,
    sdk: str,
    calls: Sequence[Asked],
    ours: Sequence[Sent],
    theirs: Sequence[Answered],
    declared: Sequence[Declared],
) -> Compared:
    """Every difference must be declared, and every declared one must be met."""
    found = Compared(sdk)
    for call, own, their in zip(calls, ours, theirs, strict=True):
        strange = list(_strange(spec, found, call, own, their, declared))
        found.calls += 1
        found.same += not strange
        found.faults += strange
    for each in declared:
        if sdk in each.sdks and not found.met[each]:
            found.faults.append(f"declared, but never met: {each.at} {each.how}")
    return found


def _strange(
    spec: Spec, found: Compared, call: Asked, own: Sent, their: Answered, declared: Sequence[Declared]
) -> Iterator[str]:
    """What is not declared; counts in `found` what is."""
    for each in _differences(spec, call, own, their):
        at = "/".join((call.face, call.verb, call.call or "task", each.at))
        known = [entry for entry in declared if entry.covers(found.sdk, at, each.how)]
        found.met.update(known)
        if not known:
            yield f"{call.body.get('model', 'task')}: {at} {each.how}"


def _differences(spec: Spec, call: Asked, own: Sent, their: Answered) -> Iterator[Difference]:
    if not their.sent:
        yield Difference(f"raised/{their.raised}", "refused")
        return
    form = spec.bodies[call.said.family.body] if call.said and call.said.family else None
    yield from differences(form, own, their.sent[-1])
    if len(their.sent) != (2 if call.verb == "poll" else 1):
        yield Difference(f"requests/{len(their.sent)}", "differs")
