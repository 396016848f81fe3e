"""Format and parse the timestamps of responses and list filters."""

from calendar import timegm
from functools import lru_cache
from time import gmtime, strftime, strptime

_TOKENS = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "hh": "%H", "mm": "%M", "ss": "%S"}


class TimestampFormat:
    """A format such as `YYYY-MM-DD HH:mm:ss.SSS` in a time zone such as `+08:00`."""

    def __init__(self, form: str, zone: str) -> None:
        """Compile a format.

        Args:
            form: Made of `YYYY MM DD HH mm ss`, with `.SSS` at the end for milliseconds.
            zone: The offset from UTC.
        """
        self._milliseconds = form.endswith(".SSS")
        form = form.removesuffix(".SSS")
        for token, code in _TOKENS.items():
            form = form.replace(token, code)
        self._form = form
        hours, minutes = zone.lstrip("+-").split(":")
        self._offset = (int(hours) * 3600 + int(minutes) * 60) * (-1 if zone.startswith("-") else 1)

    def format(self, moment: float) -> str:
        """Format seconds since 1970; anything below a millisecond is cut off."""
        milliseconds = int(moment * 1000)
        text = _format_fraction(self._form, milliseconds // 1000 + self._offset)
        return f"{text}.{milliseconds % 1000:03}" if self._milliseconds else text

    def parse(self, text: str) -> float:
        """Parse a timestamp to seconds since 1970.

        Raises:
            ValueError: The text has another format.
        """
        return float(timegm(strptime(text, self._form)) - self._offset)


@lru_cache(maxsize=1024)
def _format_fraction(form: str, moment: int) -> str:
    """Format whole seconds; cached, because most responses are about the same few seconds."""
    return strftime(form, gmtime(moment))
