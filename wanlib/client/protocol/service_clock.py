"""`ServiceClock`: how far the service's clock is ahead of ours, according to its responses.

The service lists its tasks by the time on its own clock, which can differ from ours by minutes. Each response
has a `Date`, and the status of a task the time of its submission. The true difference lies in an interval
that is as wide as the exchange took, and a second more, since both times can be cut to whole seconds.
"""

from email.utils import parsedate_to_datetime

from wanlib.base.clock import ClockOffset

_MAX_OFFSET = 86_400.0
"""Seconds; a larger difference comes from a clock that was never set."""
_RESOLUTION = 1.0


class ServiceClock:
    """The known offset of the service's clock. Threads may share it: each change is one assignment."""

    def __init__(self) -> None:
        self._by_date: ClockOffset | None = None
        self._by_submission: ClockOffset | None = None

    @property
    def offset(self) -> ClockOffset | None:
        """How far the service's clock is ahead; None if no response has shown it."""
        known = [offset for offset in (self._by_date, self._by_submission) if offset is not None]
        if not known:
            return None
        return ClockOffset(min(offset.low for offset in known), max(offset.high for offset in known))

    def observe_date(self, date: str | None, sent: float, received: float) -> None:
        """Learn from the `Date` of a response.

        Args:
            date: The header; None and an unreadable one are ignored.
            sent: Before the request was sent, in seconds since 1970 on our clock.
            received: After the response arrived.
        """
        try:
            stated = parsedate_to_datetime(date or "").timestamp()
        except (ValueError, OverflowError):
            return
        self._by_date = _narrower(self._by_date, _offset(stated, sent, received))

    def observe_submission(self, stated: float, sent: float, accepted: float) -> None:
        """Learn from the time of submission of a task.

        Args:
            stated: The time that the service states.
            sent: Before the call was sent, in seconds since 1970 on our clock.
            accepted: After its task id arrived.
        """
        self._by_submission = _narrower(self._by_submission, _offset(stated, sent, accepted))


def _offset(stated: float, before: float, after: float) -> ClockOffset | None:
    """Return the difference for a time that the service states for a moment between two of ours."""
    offset = ClockOffset(stated - after, stated + _RESOLUTION - before)
    is_possible = before <= after and offset.low > -_MAX_OFFSET and offset.high < _MAX_OFFSET
    return offset if is_possible else None


def _narrower(known: ClockOffset | None, observed: ClockOffset | None) -> ClockOffset | None:
    """Return the observation, unless it adds no information."""
    if known is None or observed is None:
        return observed or known
    return known if observed.low <= known.low and known.high <= observed.high else observed
