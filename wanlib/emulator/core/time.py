"""Moments as answers and filters write them."""

from calendar import timegm
from functools import lru_cache
from time import gmtime, strftime, strptime

_TOKENS = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "hh": "%H", "mm": "%M", "ss": "%S"}


class TimestampFormat:
    """A form such as `YYYY-MM-DD HH:mm:ss.SSS` in a zone such as `+08:00`."""

    def __init__(self, form: str, zone: str) -> None:
        self._milliseconds = form.endswith(".SSS")
        form = form.removesuffix(".SSS")
        for token, code in _TOKENS.items():
            form = form.replace(token, code)
        self._form = form
        hours, minutes = zone.lstrip("+-").split(":")
        self._offset = (int(hours) * 3600 + int(minutes) * 60) * (-1 if zone.startswith("-") else 1)

    def format(self, moment: float) -> str:
        """Seconds since 1970 as text; what is below a millisecond is cut off."""
        milliseconds = int(moment * 1000)
        text = _format_fraction(self._form, milliseconds // 1000 + self._offset)
        return f"{text}.{milliseconds % 1000:03}" if self._milliseconds else text

    def parse(self, text: str) -> float:
        """Text as seconds since 1970. ValueError where it has another form."""
        return float(timegm(strptime(text, self._form)) - self._offset)


@lru_cache(maxsize=1024)
def _format_fraction(form: str, moment: int) -> str:
    return strftime(form, gmtime(moment))
