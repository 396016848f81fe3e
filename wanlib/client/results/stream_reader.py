"""Streamed responses: the decoder of server-sent events and `StreamReader`."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from wanlib.base.api_tables import ApiTables, Model
from wanlib.base.redaction import hide_keys, safe_repr
from wanlib.client.http.json_access import get_list, get_object, get_sanitized, get_text
from wanlib.client.http.messages import Response
from wanlib.client.http.responses import error_from_body, parse_json_object
from wanlib.client.results.parts import Picture, Text, parse_choices
from wanlib.client.results.result import CallContext, Result, parse_result
from wanlib.errors import MalformedResponseError, OutcomeUnknownError, WanError

_LINE = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class ServerSentEvent(NamedTuple):
    """One event.

    Attributes:
        name: The event type; `message` if the stream gives none.
        data: The data lines, joined.
        id: The last id that the stream gave.
    """

    name: str
    data: str
    id: str

    def __repr__(self) -> str:
        return f"<ServerSentEvent {safe_repr(self.id)}: {len(self.data):,} characters>"


class SseDecoder:
    """Decodes server-sent events, however the bytes are divided into chunks.

    An event without a blank line after it when the stream closes is dropped. The format is that of the HTML
    standard, section 9.2.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._searched = 0
        self._begun = False
        self._after_return = False
        self._name = ""
        self._data: list[str] = []
        self._id = ""

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Return the events that these bytes complete."""
        if not chunk:
            return []
        self._rest += chunk.removeprefix(b"\n") if self._after_return else chunk
        return [event for line in self._lines() if (event := self._handle_line(line))]

    def _lines(self) -> list[bytes]:
        """Return the complete lines so far. CR ends a line at once; an LF right after it does not count."""
        lines, start = [], 0
        for end in _LINE.finditer(self._rest, self._searched):
            lines.append(bytes(self._rest[start : end.start()]))
            start = end.end()
        self._after_return = start == len(self._rest) and self._rest.endswith(b"\r")
        del self._rest[:start]
        self._searched = len(self._rest)
        return lines

    def _handle_line(self, line: bytes) -> ServerSentEvent | None:
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

    def _dispatch(self) -> ServerSentEvent | None:
        name, data = self._name or "message", self._data
        self._name, self._data = "", []
        return ServerSentEvent(name, hide_keys("\n".join(data)), hide_keys(self._id)) if data else None


class StreamReader:
    """Turns the bytes of a stream into parts.

    Only the last finish_reason marks the end of a stream: `finished` is true in every chunk.
    """

    def __init__(
        self, api: ApiTables, model: Model, call_context: CallContext | None = None, *, sent_at: float = 0.0
    ) -> None:
        self._api = api
        self._model = model
        self._call_context = call_context
        self._sent_at = sent_at
        self._events = SseDecoder()
        self._last: Mapping[str, Any] = {}
        self._usage: Mapping[str, Any] = {}
        self._error: WanError | None = None
        self._ended = False
        self._unread = 0
        self._parts: list[Picture | Text] = []

    @property
    def parts(self) -> tuple[Picture | Text, ...]:
        """The parts that have arrived, with pieces of text joined; they stay readable after an error."""
        # A key that is echoed in two events is complete only here.
        return tuple(Text(hide_keys(part.text)) if isinstance(part, Text) else part for part in self._parts)

    def feed(self, chunk: bytes) -> list[Picture | Text]:
        """Return the parts that these bytes complete, in order.

        Raises:
            WanError: The error of an error event. Parts before it in the same bytes are returned
                first, and the error is raised by the next call.
        """
        if self._error:
            raise self._error
        new_parts: list[Picture | Text] = []
        for event in self._events.feed(chunk):
            new_parts += self._handle_event(event) if self._error is None else []
        if self._error and not new_parts:
            raise self._error
        return new_parts

    def finish(self) -> Result:
        """Return the result once the stream has closed. Raise OutcomeUnknownError if its end is missing."""
        if self._error:
            raise self._error
        if not self._ended or self._unread:
            raise self._outcome_unknown()
        return parse_result(self._api, self._model, self._assemble(), self._call_context)

    def _handle_event(self, event: ServerSentEvent) -> list[Picture | Text]:
        if not event.data or event.data == "[DONE]":
            return []
        names = self._api.names.answer
        try:
            payload = parse_json_object(self._api, Response(200, {}, event.data.encode("utf-8", "replace")))
        except MalformedResponseError:
            self._unread += 1
            return []
        if event.name == "error" or (get_text(payload, names.code) and not payload.get(names.output)):
            self._error = error_from_body(self._api, payload, status=200)
            return []
        return self._parse_chunk(payload)

    def _parse_chunk(self, payload: dict[str, Any]) -> list[Picture | Text]:
        self._last = payload
        names = self._api.names
        self._usage = get_object(payload, names.answer.usage) or self._usage
        output = get_object(payload, names.answer.output)
        choices = get_list(output, names.choice.choices) or ()
        self._ended |= any(
            get_text(choice, names.choice.finish_reason) == self._api.stream_end for choice in choices
        )
        new_parts = [part for part in parse_choices(names, output) if isinstance(part, Picture | Text)]
        for part in new_parts:
            self._append(part)
        return new_parts

    def _append(self, part: Picture | Text) -> None:
        """Add a part; text joins the text before it."""
        last = self._parts[-1] if self._parts else None
        if isinstance(part, Text) and isinstance(last, Text):
            self._parts[-1] = Text(last.text + part.text)
        else:
            self._parts.append(part)

    def _assemble(self) -> dict[str, Any]:
        """Return the body assembled from the chunks, in the form of a synchronous response."""
        payload, names = self._api.names.answer, self._api.names.choice
        parts = [
            (names.image, part.url) if isinstance(part, Picture) else (names.text, part.text)
            for part in self.parts
        ]
        content = [{names.type: name, name: value} for name, value in parts]
        message = {names.role: self._api.answer_role, names.content: content}
        choice = {names.finish_reason: self._api.stream_end, names.message: message}
        output = {**get_object(self._last, payload.output), names.choices: [choice]}
        return {**self._last, payload.output: output, payload.usage: self._usage}

    def _outcome_unknown(self) -> OutcomeUnknownError:
        missing = "one of its events can't be read" if self._ended else "its end never came"
        return OutcomeUnknownError(
            f"the stream broke off: {missing}. The parts that arrived are in parts and may be billed",
            model=self._model.name,
            sent_at=self._sent_at,
            parts=self.parts,
            request_id=get_sanitized(self._last, self._api.names.answer.request_id),
        )
