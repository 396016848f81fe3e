"""Server-sent events, read by the rules of the HTML standard (section 9.2.6)."""

import re
from typing import NamedTuple

_LINE = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event. name: `message` where the stream gives none. id: the last that the stream gave."""

    name: str
    data: str
    id: str


class Events:
    """Bytes in, events out; however the bytes are cut, the events are the same.

    An event that lacks the blank line behind it when the stream closes is dropped.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._searched = 0
        self._begun = False
        self._after_return = False
        self._name = ""
        self._data: list[str] = []
        self._id = ""

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that these bytes complete."""
        if not chunk:
            return []
        self._rest += chunk.removeprefix(b"\n") if self._after_return else chunk
        return [event for line in self._lines() if (event := self._take(line))]

    def _lines(self) -> list[bytes]:
        """The whole lines so far. A return ends a line at once; a line feed right behind it is none more."""
        lines, start = [], 0
        for end in _LINE.finditer(self._rest, self._searched):
            lines.append(bytes(self._rest[start : end.start()]))
            start = end.end()
        self._after_return = start == len(self._rest) and self._rest.endswith(b"\r")
        del self._rest[:start]
        self._searched = len(self._rest)
        return lines

    def _take(self, line: bytes) -> Event | None:
        if not self._begun:
            line, self._begun = line.removeprefix(_BOM), True
        if not line:
            return self._dispatch()
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value
        elif name == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> Event | None:
        name, data = self._name or "message", self._data
        self._name, self._data = "", []
        return Event(name, "\n".join(data), self._id) if data else None
