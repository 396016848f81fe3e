"""What the emulator has seen and holds, as JSON for the page and for tests."""

from typing import Any

from wanlib.base.clock import ManualClock
from wanlib.emulator.emulator import Emulator, RecordedRequest
from wanlib.emulator.jobs.job import NEVER, Job

MOST_TASKS = 100
"""How many of the newest are told."""

_LONGEST = 200


def state_snapshot(emulator: Emulator) -> dict[str, Any]:
    """Clock, tasks and requests (newest first), ledger. Times in seconds since 1970."""
    now, works = emulator.clock.wall(), emulator.jobs()
    seen = [_request(each) for each in reversed(emulator.history.copy())]
    rules = {each["request_id"]: each["rules"] for each in seen}
    return {
        "clock": {"now": now, "manual": isinstance(emulator.clock, ManualClock)},
        "models": list(emulator.spec.models),
        "codes": list(emulator.spec.wire["errors"]),
        "count": len(works),
        "tasks": [
            _task(emulator, work, now) | {"rules": rules.get(work.request_id, [])}
            for work in works[:MOST_TASKS]
        ],
        "requests": seen,
        "currency": emulator.spec.wire["currency"],
        "ledger": [account._asdict() for account in emulator.ledger()],
        "spooled": dict(zip(("memory", "file"), emulator.stored_bytes, strict=True)),
    }


def _task(emulator: Emulator, work: Job, now: float) -> dict[str, Any]:
    order, life = work.order, emulator.life
    status = work.status(life, now)
    done = work.image_count() > 0 and work.ended <= now  # also of a task that has since become unknown
    return {
        "id": work.id,
        "model": order.model,
        "call": order.call,
        "task": work.task,
        "status": status,
        "over": status not in (life.waiting, life.working),
        "prompt": order.prompt[:_LONGEST],
        "inputs": [given.label for given in order.inputs],
        "width": order.size[0],
        "height": order.size[1],
        "asked": work.fate.tried,
        "pictures": work.image_count() if done else 0,
        "code": work.fate.code if work.ended <= now else "",
        "message": work.fate.message if work.ended <= now else "",
        "submitted": work.submitted,
        "scheduled": _round_seconds(work.scheduled),
        "ended": _round_seconds(work.ended) if work.ended <= now else None,
        "links_die": _round_seconds(work.links_expire_at(life)) if done else None,
        "expires": _round_seconds(work.expires_at(life)),
        "endpoint": work.endpoint,
    }


def _request(seen: RecordedRequest) -> dict[str, Any]:
    rules = [item.partition(";") for item in seen.rules.split(", ") if item]
    broken = [{"rule": rule, "outcome": outcome} for rule, _, outcome in rules]
    return seen._asdict() | {"rules": broken}


def _round_seconds(at: float) -> float | None:
    return None if at == NEVER else at
