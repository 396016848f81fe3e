"""The end of a run: compare the ledger with the current reports of the service.

A ledger relies on statements of the service. `audit` asks once more for each task that was settled with
nothing, and searches the list for tasks that belong to no known probe. The service may bill these amounts
although it stated otherwise, so they are recorded, and the ledger admits no more probes.
"""

from collections.abc import Iterator

from wan_conformance.live.reservation import Reservation
from wan_conformance.live.sender import NO_ANSWER, LiveSender, list_tasks, perform

_SHOWN = 3


def audit(sender: LiveSender) -> list[str]:
    """Compare the ledger of a sender with its service after a run. The queries cost nothing.

    Args:
        sender: The sender of the run.

    Returns:
        A sentence for each thing that may be billed and is not in the ledger.

    Raises:
        ProbeLedgerError: The ledger cannot be read or written.
    """
    reservations = sender.ledger.reservations()
    return [*_revived(sender, reservations), *_unexplained(sender, reservations)]


def _revived(sender: LiveSender, reservations: list[Reservation]) -> Iterator[str]:
    """Yield the tasks of this process that had ended without a bill, and now have a different report."""
    ledger, outcomes = sender.ledger, sender.spec.task["outcomes"]
    unbilled = (outcomes["canceled"], outcomes["failed"], outcomes["unknown"])
    for reservation in reservations:
        task_id = reservation.task_id
        if reservation.owner != ledger.owner or task_id is None or reservation.spent != 0:
            continue
        try:
            status = sender.reader.read_task(sender.server.task_call("query", task_id), task_id).status
        except NO_ANSWER:
            continue
        if status is not None and status not in unbilled:
            ledger.dispute(reservation.key, reservation.reserved, f"the task is {status} after its end")
            yield (
                f"the task {task_id} of the probe {reservation.probe!r} had ended without a bill and is "
                f"{status} now: it may be billed with up to {reservation.reserved} {ledger.currency}"
            )


def _unexplained(sender: LiveSender, reservations: list[Reservation]) -> Iterator[str]:
    """Yield the models with more new tasks than the probes can have created."""
    known = {reservation.task_id for reservation in reservations}
    for model, before in sender.listed_before.items():
        listed = perform(list_tasks(sender.spec, sender.server, sender.reader, model))
        new = (listed or frozenset()) - before - known
        unknown = sum(one.model == model and one.state in ("sending", "unknown") for one in reservations)
        if len(new) > unknown:
            shown = ", ".join(sorted(new)[:_SHOWN])
            yield (
                f"{len(new) - unknown} new tasks of {model} belong to no probe: another client of the "
                f"account made them, or a request was carried out twice ({shown})"
            )
