"""The formats of times in `spec/wire.yaml`, such as `YYYY-MM-DD HH:mm:ss.SSS`: format and parse timestamps.

The emulator writes and reads timestamps with it, and the emitter takes the directives for the client from it.
"""

import re
from calendar import timegm
from datetime import UTC, datetime
from functools import lru_cache
from time import gmtime, strftime

DIRECTIVES = {
    "YYYY": "%Y",
    "MM": "%m",
    "DD": "%d",
    "HH": "%H",
    "hh": "%H",
    "mm": "%M",
    "ss": "%S",
    "SSS": "%f",
}
_TOKEN = re.compile("|".join(sorted(DIRECTIVES, key=len, reverse=True)))
_LETTERS = re.compile("[A-Za-z]+")
_MILLISECONDS = ".SSS"


class TimestampFormat:
    """A format of times in a time zone.

    Args:
        form: Made of `YYYY MM DD HH hh mm ss`, with `.SSS` at the end for milliseconds.
        zone: The offset from UTC, such as `+08:00`.

    Raises:
        ValueError: The form has letters without a meaning; the message names them.
    """

    def __init__(self, form: str, zone: str = "+00:00") -> None:
        if unknown := _LETTERS.search(_TOKEN.sub("", form)):
            raise ValueError(
                f"{unknown[0]!r} in the form of a time {form!r} is not one of {', '.join(DIRECTIVES)}"
            )
        hours, minutes = zone[1:].split(":")
        self.utc_offset = (int(hours) * 60 + int(minutes)) * (-60 if zone[0] == "-" else 60)
        self.directives = _directives(form)
        self._seconds = _directives(form.removesuffix(_MILLISECONDS))
        self._has_milliseconds = form.endswith(_MILLISECONDS)

    def format(self, moment: float) -> str:
        """Format seconds since 1970; fractions of a millisecond are cut off."""
        milliseconds = int(moment * 1000)
        text = _format_seconds(self._seconds, milliseconds // 1000 + self.utc_offset)
        return f"{text}.{milliseconds % 1000:03}" if self._has_milliseconds else text

    def parse(self, text: str) -> float:
        """Parse a timestamp to seconds since 1970.

        Raises:
            ValueError: The text has another format.
        """
        time = datetime.strptime(text, self.directives).replace(tzinfo=UTC)
        return timegm(time.timetuple()) + time.microsecond / 1e6 - self.utc_offset


def _directives(form: str) -> str:
    return _TOKEN.sub(lambda token: DIRECTIVES[token[0]], form.replace("%", "%%"))


@lru_cache(maxsize=1024)
def _format_seconds(directives: str, moment: int) -> str:
    """Format whole seconds; cached, because most responses are about the same few seconds."""
    return strftime(directives, gmtime(moment))
