"""The end of a run: whether the service still reports what the ledger was settled by.

A ledger relies on statements of the service. `audit` asks once more for each task that was settled with
nothing, and looks in the list for tasks that no probe is known to have made. What it finds is money that a
service may bill although it stated otherwise, so it is recorded, and the ledger admits no probe any more.
"""

from collections.abc import Iterator, Mapping

from wan_conformance.live.answers import ReplyReader
from wan_conformance.live.ledger import ProbeLedger
from wan_conformance.live.reservation import Reservation
from wan_conformance.live.sender import NO_ANSWER, ProbeServer, list_tasks, perform
from wanlib.spec import Spec

_SHOWN = 3


def audit(
    spec: Spec, server: ProbeServer, ledger: ProbeLedger, listed_before: Mapping[str, frozenset[str]]
) -> list[str]:
    """Compare the ledger with the service after a run.

    Args:
        spec: The spec of the service.
        server: The service. Its queries cost nothing.
        ledger: The ledger of the run.
        listed_before: By model, the tasks in the list before the run, as of `LiveSender.listed_before`.

    Returns:
        A sentence for each thing that may be billed and is not in the ledger.

    Raises:
        ProbeLedgerError: The ledger cannot be read or written.
    """
    reader = ReplyReader(spec)
    reservations = ledger.reservations()
    own = [one for one in reservations if one.owner == ledger.owner]
    return [
        *_revived(spec, server, reader, ledger, own),
        *_unexplained(spec, server, reader, reservations, listed_before),
    ]


def _revived(
    spec: Spec, server: ProbeServer, reader: ReplyReader, ledger: ProbeLedger, own: list[Reservation]
) -> Iterator[str]:
    """Yield the tasks that had ended without a bill, and are reported otherwise now."""
    outcomes = spec.task["outcomes"]
    unbilled = (outcomes["canceled"], outcomes["failed"], outcomes["unknown"])
    for reservation in own:
        task_id = reservation.task_id
        if task_id is None or reservation.spent is None or reservation.spent > 0:
            continue
        try:
            status = reader.read_task(server.task_call("query", task_id), task_id).status
        except NO_ANSWER:
            continue
        if status is not None and status not in unbilled:
            ledger.dispute(reservation.key, reservation.reserved, f"the task is {status} after its end")
            yield (
                f"the task {task_id} of the probe {reservation.probe!r} had ended without a bill and is "
                f"{status} now: it may be billed with up to {reservation.reserved} {ledger.currency}"
            )


def _unexplained(
    spec: Spec,
    server: ProbeServer,
    reader: ReplyReader,
    reservations: list[Reservation],
    listed_before: Mapping[str, frozenset[str]],
) -> Iterator[str]:
    """Yield the models with more new tasks than probes can have made."""
    known = {reservation.task_id for reservation in reservations}
    for model, before in listed_before.items():
        listed = perform(list_tasks(spec, server, reader, model))
        new = (listed or frozenset()) - before - known
        unknown = sum(one.model == model and one.state in ("sending", "unknown") for one in reservations)
        if len(new) > unknown:
            shown = ", ".join(sorted(new)[:_SHOWN])
            yield (
                f"{len(new) - unknown} new tasks of {model} belong to no probe: another client of the "
                f"account made them, or a request was carried out twice ({shown})"
            )
