"""The result type of conduct checks, and the checks about payment, pictures and tasks.

A check reads the traffic and returns how often the rule applied, and the breaches. `waiting_checks.py` has
the checks about polling, retries and secrets.
"""

from collections import defaultdict
from typing import NamedTuple

from wanlib.base.text import quantity
from wanlib.conduct.record import RecordedExchange, RecordedJob
from wanlib.conduct.traffic import Traffic, short_id


class Breach(NamedTuple):
    """One breach of a rule.

    Attributes:
        text: The behaviour of the client, as a sentence without a full stop.
        story: The history, a line for each event with its time.
        task: The task that it is about, "" for none.
    """

    text: str
    story: tuple[str, ...]
    task: str = ""


class Checked(NamedTuple):
    """The result of a check.

    Attributes:
        occasions: How often the rule applied; 0 means that the traffic contains no evidence about it.
        breaches: The breaches.
    """

    occasions: int
    breaches: tuple[Breach, ...] = ()


def check_payment(traffic: Traffic) -> Checked:
    """Find calls that were paid more than once.

    With a known number of intents, every accepted job beyond it is one too many. Otherwise only a call
    counts that was sent again after a response that does not show whether the first one was accepted.
    """
    accepted = [create for create in traffic.creates if create.jobs]
    if traffic.run is None:
        return Checked(len(accepted), tuple(_blind_repeats(traffic, accepted)))
    intents, jobs = traffic.run.intents, len(accepted)
    if jobs <= intents:
        return Checked(jobs)
    text = f"paid {jobs} times for {quantity(intents, 'call')}"
    return Checked(jobs, (Breach(text, traffic.story(traffic.creates)),))


def _blind_repeats(traffic: Traffic, accepted: list[RecordedExchange]) -> list[Breach]:
    by_intent = defaultdict(list)
    for create in accepted:
        by_intent[create.key, create.intent].append(create)
    found = []
    for creates in by_intent.values():
        first = next((number for number, create in enumerate(creates) if _is_unclear(traffic, create)), None)
        if first is None or first == len(creates) - 1:
            continue
        text = f"paid {len(creates) - first} times for one call: sent again after an unclear response"
        found.append(Breach(text, traffic.story(creates[first:]), creates[first].task))
    return found


def _is_unclear(traffic: Traffic, create: RecordedExchange) -> bool:
    """Return True if the client cannot know from the response whether the call was accepted."""
    if create.is_lost:
        return True
    is_error = create.status >= 300 or bool(create.code)
    return is_error and not traffic.terms.is_unaccepted(create.status, create.code)


def _delivered(traffic: Traffic) -> list[RecordedJob]:
    """Return the jobs with pictures about whose success the client was informed."""
    succeeded = traffic.terms.succeeded
    jobs = [job for job in traffic.jobs.values() if job.pictures]
    ends = [(job, traffic.seen_end(job)) for job in jobs]
    return [job for job, end in ends if end and (not job.is_task or end.state == succeeded)]


def check_fetching(traffic: Traffic) -> Checked:
    """Find jobs whose pictures were paid and never fetched."""
    delivered = _delivered(traffic)
    breaches = [
        Breach(
            f"paid {quantity(job.pictures, 'picture')} of {short_id(job.id)}{traffic.cost(job)}"
            " and fetched none",
            traffic.story_of(job.id),
            job.id,
        )
        for job in delivered
        if not traffic.fetched(job) and not traffic.has_dead_link(job.id) and _is_settled(traffic, job)
    ]
    return Checked(len(delivered), tuple(breaches))


def check_completeness(traffic: Traffic) -> Checked:
    """Find jobs of which some pictures were fetched, but not all."""
    several = [job for job in _delivered(traffic) if job.pictures > 1 and traffic.fetched(job)]
    breaches = [
        Breach(
            f"fetched {len(traffic.fetched(job))} of the {quantity(job.pictures, 'picture')}"
            f" of {short_id(job.id)}",
            traffic.story_of(job.id),
            job.id,
        )
        for job in several
        if len(traffic.fetched(job)) < job.pictures and _is_settled(traffic, job)
    ]
    return Checked(len(several), tuple(breaches))


def check_ownership(traffic: Traffic) -> Checked:
    """Find tasks whose end the client did not wait for, and which it did not cancel."""
    tasks = [job for job in traffic.jobs.values() if job.is_task and traffic.is_known(job)]
    breaches = [
        Breach(_abandoned(traffic, job), traffic.story_of(job.id), job.id)
        for job in tasks
        if _is_abandoned(traffic, job)
    ]
    return Checked(len(tasks), tuple(breaches))


def _is_abandoned(traffic: Traffic, job: RecordedJob) -> bool:
    """Return True if the client left a task: it never queried the task, or it left before its deadline.

    It had not reached its deadline if it ended in less than half of its allowed time. If no time is
    known, only a task that has ended counts.
    """
    if traffic.seen_end(job) is not None or traffic.was_canceled(job) or not _is_settled(traffic, job):
        return False
    if job.id not in traffic.polls:
        return True
    if traffic.run is None or traffic.run.allowed is None:
        return job.ended <= traffic.record.until
    return traffic.run.took < traffic.run.allowed / 2


def _abandoned(traffic: Traffic, job: RecordedJob) -> str:
    polls = len(traffic.polls.get(job.id, ()))
    did = f"left task {short_id(job.id)} after {quantity(polls, 'poll')}"
    if job.pictures and job.ended <= traffic.record.until:
        return f"{did}; it made and billed {quantity(job.pictures, 'picture')}{traffic.cost(job)}"
    return f"{did}, neither followed to its end nor canceled"


def _is_settled(traffic: Traffic, job: RecordedJob) -> bool:
    """Return True if the client is no longer working on a job."""
    if traffic.record.is_over:
        return True
    about = [
        exchange.at
        for exchange in traffic.record.exchanges
        if exchange.task == job.id or job.id in exchange.jobs
    ]
    return bool(about) and traffic.record.until - max(about) > 6 * traffic.terms.min_poll_interval


def check_outcome(traffic: Traffic) -> Checked:
    """Find a client that reports success without pictures, or a failure although it has them."""
    run = traffic.run
    if run is None or run.reported_success is None or run.was_stopped:
        return Checked(0)
    jobs = _delivered(traffic)
    made = sum(job.pictures for job in jobs)
    has_all = bool(made) and all(len(traffic.fetched(job)) == job.pictures for job in jobs)
    saved = made if run.saved is None else run.saved
    story = traffic.story(traffic.record.exchanges)
    if run.reported_success and not made:
        return Checked(1, (Breach("reported success without pictures", story),))
    if run.reported_success and saved < made and run.saved is not None:
        text = f"reported success with {quantity(saved, 'picture')} saved of {made} that were made"
        return Checked(1, (Breach(text, story),))
    if not run.reported_success and run.can_succeed and not has_all:
        return Checked(1, (Breach("reported a failure although a careful client has its pictures", story),))
    if not run.reported_success and has_all:
        return Checked(1, (Breach("reported a failure, but all pictures were made and fetched", story),))
    return Checked(1)
