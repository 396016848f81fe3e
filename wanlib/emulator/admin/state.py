"""The state of the emulator as JSON, for the page and for tests."""

from typing import Any

from wanlib.base.clock import ManualClock
from wanlib.conduct.judge import judge
from wanlib.conduct.record import RecordedExchange
from wanlib.conduct.rules import RULES
from wanlib.emulator.emulator import Emulator
from wanlib.emulator.jobs.job import NEVER, Job

MAX_TASKS = 100
"""Number of the newest tasks that are included."""

MAX_REQUESTS = 200
"""Number of the newest requests that are included."""

MAX_FINDINGS = 50
"""Number of findings on the conduct of clients that are included."""

_MAX_PROMPT = 200
_SHOWN = ("at", "call", "method", "path", "status", "fault", "request_id", "number")


def state_snapshot(emulator: Emulator) -> dict[str, Any]:
    """Return clock, tasks and requests (newest first) and ledger. Times are seconds since 1970."""
    now, jobs = emulator.clock.wall(), emulator.jobs()
    requests = [_request(request) for request in reversed(emulator.record().exchanges[-MAX_REQUESTS:])]
    rules = {request["request_id"]: request["rules"] for request in requests}
    return {
        "clock": {"now": now, "manual": isinstance(emulator.clock, ManualClock)},
        "models": list(emulator.spec.models),
        "codes": list(emulator.spec.wire["errors"]),
        "count": len(jobs),
        "tasks": [
            _task(emulator, job, now) | {"rules": rules.get(job.request_id, [])} for job in jobs[:MAX_TASKS]
        ],
        "requests": requests,
        "currency": emulator.spec.wire["currency"],
        "ledger": [account._asdict() for account in emulator.ledger()],
        "spooled": dict(zip(("memory", "file"), emulator.stored_bytes, strict=True)),
    }


def conduct_snapshot(emulator: Emulator) -> dict[str, Any]:
    """Return the findings about clients so far, by rule, each with its history.

    It reads the whole record, 10,000 requests at most, in a tenth of a second.
    """
    findings = judge(emulator.record(is_over=False), emulator.spec).findings
    return {
        "count": len(findings),
        "findings": [
            finding._asdict() | {"statement": RULES[finding.rule].statement}
            for finding in findings[:MAX_FINDINGS]
        ],
    }


def _task(emulator: Emulator, job: Job, now: float) -> dict[str, Any]:
    spec, life = job.spec, emulator.lifecycle
    status = job.status(life, now)
    done = job.image_count() > 0 and job.ended <= now  # even if the task has since become unknown
    return {
        "id": job.id,
        "model": spec.model,
        "call": spec.call,
        "task": job.is_task,
        "status": status,
        "over": status not in (life.waiting, life.working),
        "prompt": spec.prompt[:_MAX_PROMPT],
        "inputs": [image.label for image in spec.inputs],
        "width": spec.size[0],
        "height": spec.size[1],
        "asked": job.outcome.attempted,
        "pictures": job.image_count() if done else 0,
        "code": job.outcome.code if job.ended <= now else "",
        "message": job.outcome.message if job.ended <= now else "",
        "submitted": job.submitted,
        "scheduled": _round_seconds(job.scheduled),
        "ended": _round_seconds(job.ended) if job.ended <= now else None,
        "links_die": _round_seconds(job.links_expire_at(life)) if done else None,
        "expires": _round_seconds(job.expires_at(life)),
        "endpoint": job.endpoint,
    }


def _request(request: RecordedExchange) -> dict[str, Any]:
    rules = [item.partition(";") for item in request.rules.split(", ") if item]
    violations = [{"rule": rule, "outcome": outcome} for rule, _, outcome in rules]
    return {name: getattr(request, name) for name in _SHOWN} | {"rules": violations}


def _round_seconds(at: float) -> float | None:
    return None if at == NEVER else at
