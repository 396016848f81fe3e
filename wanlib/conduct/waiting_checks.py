"""The checks of conduct rules about polling, retries, dead links and secrets."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from wanlib.base.text import quantity
from wanlib.conduct.checks import Breach, Checked
from wanlib.conduct.record import PICTURE_CALL, UPLOAD_CALL, RecordedExchange
from wanlib.conduct.traffic import DEAD_STATUSES, Traffic, short_id

_FREE_POLLS = 3  # polls of a task before the documented interval applies
_JUDGED_GAPS = 2  # intervals after them that make an average
_MEASURED = 0.95  # share of an interval that is enough: requests take time, and clocks are not exact
_REPEATS = 2  # requests that are tolerated after the last useful one
_LEAST_PAUSE = 0.1  # seconds after a refusal for overload without a Retry-After


def check_poll_interval(traffic: Traffic) -> Checked:
    """Find tasks that are polled more often than documented, on average after the first three."""
    judged, breaches = 0, []
    for task in traffic.polls:
        later = _polls_of_wait(traffic, task)[_FREE_POLLS - 1 :]
        if len(later) <= _JUDGED_GAPS:
            continue
        judged += 1
        average = (later[-1].at - later[0].at) / (len(later) - 1)
        if average < _MEASURED * traffic.terms.min_poll_interval:
            text = (
                f"polled task {short_id(task)} every {average:.1f} s on average after the first {_FREE_POLLS}"
                f" polls; the shortest documented interval is {traffic.terms.min_poll_interval:g} s"
            )
            breaches.append(Breach(text, traffic.story_of(task), task))
    return Checked(judged, tuple(breaches))


def _polls_of_wait(traffic: Traffic, task: str) -> Sequence[RecordedExchange]:
    """Return the polls of a task up to the first that states its end; those after it are another breach."""
    end = traffic.first_end(task)
    return [poll for poll in traffic.polls[task] if end is None or poll.number <= end.number]


def check_unknown(traffic: Traffic) -> Checked:
    """Find tasks that are polled again and again after the service stated that it does not know them."""
    return _polled_on(traffic, lambda state: state == traffic.terms.unknown)


def check_end(traffic: Traffic) -> Checked:
    """Find tasks that are polled again and again after their end."""
    return _polled_on(traffic, lambda state: state in traffic.terms.ends - {traffic.terms.unknown})


def _polled_on(traffic: Traffic, is_end: Callable[[str], bool]) -> Checked:
    judged, breaches = 0, []
    for task in traffic.polls:
        end = traffic.first_end(task)
        if end is None or not is_end(end.state):
            continue
        judged += 1
        later = [poll for poll in traffic.polls[task] if poll.number > end.number]
        if len(later) > _REPEATS:
            text = f"polled task {short_id(task)} {len(later)} more times after it was {end.state}"
            breaches.append(Breach(text, traffic.story_of(task), task))
    return Checked(judged, tuple(breaches))


def check_deadline(traffic: Traffic) -> Checked:
    """Find a client that did not end within its allowed time."""
    run = traffic.run
    if run is None or run.allowed is None:
        return Checked(0)
    if not run.was_stopped and run.took <= run.allowed:
        return Checked(1)
    story = traffic.story(traffic.record.exchanges, last="was stopped" if run.was_stopped else "ended")
    still = "was still running" if run.was_stopped else "ended only"
    return Checked(1, (Breach(f"{still} after {run.took:.0f} s; {run.allowed:g} s were allowed", story),))


def check_back_off(traffic: Traffic) -> Checked:
    """Find requests that are repeated sooner after an overload than the service requested."""
    judged, breaches = 0, []
    for requests in _same_requests(traffic.record.exchanges).values():
        for refused, repeated in pairwise(requests):
            if refused.is_lost or not traffic.terms.is_overload(refused.status, refused.code):
                continue
            judged += 1
            pause = repeated.at - refused.at
            least = _LEAST_PAUSE if refused.retry_after is None else _MEASURED * refused.retry_after
            if pause < least:
                wanted = f", {refused.retry_after:g} s were requested" if refused.retry_after else ""
                text = f"repeated a request {pause:.1f} s after status {refused.status}{wanted}"
                breaches.append(Breach(text, traffic.story((refused, repeated)), refused.task))
    overloads = [
        exchange
        for exchange in traffic.record.exchanges
        if traffic.terms.is_overload(exchange.status, exchange.code)
    ]
    return Checked(max(judged, len(overloads)), tuple(breaches))


def check_refusals(traffic: Traffic) -> Checked:
    """Find creates that are repeated although they were refused for good."""
    refused = [
        create
        for create in traffic.creates
        if not create.is_lost and traffic.terms.is_refusal(create.status, create.code)
    ]
    if traffic.run is None:
        return Checked(0)
    breaches = []
    for create in refused:
        repeats = [later for later in traffic.creates if later.number > create.number]
        if any(later.intent == create.intent for later in repeats):
            text = f"sent a call again that was refused for good ({create.code})"
            breaches.append(Breach(text, traffic.story((create, *repeats))))
            break
    return Checked(len(refused), tuple(breaches))


def check_dead_links(traffic: Traffic) -> Checked:
    """Find links that are followed again after the storage refused them."""
    judged, breaches = 0, []
    for task, fetches in traffic.fetches.items():
        by_picture = defaultdict(list)
        for fetch in fetches:
            by_picture[fetch.picture].append(fetch)
        for picture, requests in by_picture.items():
            refused = [number for number, fetch in enumerate(requests) if fetch.status in DEAD_STATUSES]
            if not refused:
                continue
            judged += 1
            later = len(requests) - refused[0] - 1
            if later > _REPEATS:
                name = f"picture {picture + 1} of {short_id(task)}" if picture is not None else short_id(task)
                text = f"followed the dead link of {name} {later} more times"
                breaches.append(Breach(text, traffic.story(requests), task))
    return Checked(judged, tuple(breaches))


def check_url_secrets(traffic: Traffic) -> Checked:
    """Find API keys in URLs."""
    wrong = [exchange for exchange in traffic.record.exchanges if exchange.has_key_in_url]
    text = f"sent its API key in the URL of {quantity(len(wrong), 'request')}"
    return Checked(len(traffic.record.exchanges), (Breach(text, traffic.story(wrong)),) if wrong else ())


def check_storage_keys(traffic: Traffic) -> Checked:
    """Find API keys that are sent to the file storage."""
    stored = [
        exchange for exchange in traffic.record.exchanges if exchange.call in (PICTURE_CALL, UPLOAD_CALL)
    ]
    wrong = [exchange for exchange in stored if exchange.key]
    text = f"sent its API key to the file storage in {quantity(len(wrong), 'request')}"
    return Checked(len(stored), (Breach(text, traffic.story(wrong)),) if wrong else ())


def _same_requests(exchanges: Iterable[RecordedExchange]) -> dict[object, list[RecordedExchange]]:
    """Group the requests that ask for the same thing."""
    groups: dict[object, list[RecordedExchange]] = defaultdict(list)
    for exchange in exchanges:
        what = (exchange.key, exchange.method, exchange.path, exchange.intent, exchange.picture)
        groups[what].append(exchange)
    return groups
