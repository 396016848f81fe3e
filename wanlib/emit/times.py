"""Times as the spec writes them, as Python has them."""

import re

from wanlib.emit.names import EmitError

_DIRECTIVES = {
    "YYYY": "%Y",
    "MM": "%m",
    "DD": "%d",
    "HH": "%H",
    "hh": "%H",
    "mm": "%M",
    "ss": "%S",
    "SSS": "%f",
}
_WORD = re.compile("[A-Za-z]+")
_PART = re.compile("|".join(sorted(_DIRECTIVES, key=len, reverse=True)))


def offset(zone: str) -> int:
    """A zone such as `+08:00` in seconds from UTC."""
    hours, minutes = zone[1:].split(":")
    return (int(hours) * 60 + int(minutes)) * (-60 if zone[0] == "-" else 60)


def strptime_form(form: str) -> str:
    """A form such as `YYYY-MM-DD` in the directives of strptime."""
    found = _PART.sub(lambda part: _DIRECTIVES[part[0]], form.replace("%", "%%"))
    if stray := _WORD.search(re.sub("%[A-Za-z]", "", found)):
        raise EmitError(f"{stray[0]!r} in the form of a time {form!r} is none of {', '.join(_DIRECTIVES)}")
    return found
