"""A streamed answer: pieces of text and pictures as they come, and the result at the end."""

from collections.abc import Mapping
from typing import Any

from wanlib.runtime.answer import read_answer, stated
from wanlib.runtime.errors import MalformedAnswer, OutcomeUnknown, WanError
from wanlib.runtime.exchange import Reply
from wanlib.runtime.members import cleaned, items, mapping, text
from wanlib.runtime.parts import Picture, Text, choice_parts
from wanlib.runtime.result import Origin, Result, read_result
from wanlib.runtime.sse import Event, Events
from wanlib.runtime.tables import Api, Model


class StreamReader:
    """Bytes in, parts out. The end is the last finish_reason alone: `finished` is true in every chunk.

    parts: all that has come so far, pieces of text joined; it stays readable after an error.
    """

    def __init__(self, api: Api, model: Model, origin: Origin | None = None, *, sent_at: float = 0.0) -> None:
        self._api = api
        self._model = model
        self._origin = origin
        self._sent_at = sent_at
        self._events = Events()
        self._last: Mapping[str, Any] = {}
        self._usage: Mapping[str, Any] = {}
        self._error: WanError | None = None
        self._ended = False
        self._unread = 0
        self._parts: list[Picture | Text] = []

    @property
    def parts(self) -> tuple[Picture | Text, ...]:
        """What has come so far."""
        return tuple(self._parts)

    def feed(self, chunk: bytes) -> list[Picture | Text]:
        """The pieces that these bytes complete, in order.

        Raises the error that an error event means; what came before it in the same bytes is returned
        first, and the error raised by the next call.
        """
        if self._error:
            raise self._error
        fresh: list[Picture | Text] = []
        for event in self._events.feed(chunk):
            fresh += self._take(event) if self._error is None else []
        if self._error and not fresh:
            raise self._error
        return fresh

    def finish(self) -> Result:
        """The stream has closed -> its result. Raises OutcomeUnknown where its end is missing."""
        if self._error:
            raise self._error
        if not self._ended or self._unread:
            raise self._unknown()
        return read_result(self._api, self._model, self._whole(), self._origin)

    def _take(self, event: Event) -> list[Picture | Text]:
        if not event.data or event.data == "[DONE]":
            return []
        names = self._api.names.answer
        try:
            answer = read_answer(self._api, Reply(200, {}, event.data.encode("utf-8", "replace")))
        except MalformedAnswer:
            self._unread += 1
            return []
        if event.name == "error" or (text(answer, names.code) and not answer.get(names.output)):
            self._error = stated(self._api, answer, status=200)
            return []
        return self._read(answer)

    def _read(self, answer: dict[str, Any]) -> list[Picture | Text]:
        self._last = answer
        names = self._api.names
        self._usage = mapping(answer, names.answer.usage) or self._usage
        output = mapping(answer, names.answer.output)
        choices = items(output, names.choice.choices) or ()
        self._ended |= any(text(each, names.choice.finish_reason) == self._api.stream_end for each in choices)
        fresh = [part for part in choice_parts(names, output) if isinstance(part, Picture | Text)]
        for part in fresh:
            self._join(part)
        return fresh

    def _join(self, part: Picture | Text) -> None:
        """Adds a part; text joins the text before it."""
        last = self._parts[-1] if self._parts else None
        if isinstance(part, Text) and isinstance(last, Text):
            self._parts[-1] = Text(last.text + part.text)
        else:
            self._parts.append(part)

    def _whole(self) -> dict[str, Any]:
        """The answer that the chunks make up, in the form that a call without a stream would have had."""
        answer, names = self._api.names.answer, self._api.names.choice
        parts = [
            (names.image, part.url) if isinstance(part, Picture) else (names.text, part.text)
            for part in self._parts
        ]
        content = [{names.type: name, name: value} for name, value in parts]
        message = {names.role: self._api.answer_role, names.content: content}
        choice = {names.finish_reason: self._api.stream_end, names.message: message}
        output = {**mapping(self._last, answer.output), names.choices: [choice]}
        return {**self._last, answer.output: output, answer.usage: self._usage}

    def _unknown(self) -> OutcomeUnknown:
        missing = "one of its events can't be read" if self._ended else "its end never came"
        return OutcomeUnknown(
            f"the stream broke off: {missing}. What had come is in parts and may be billed",
            model=self._model.name,
            sent_at=self._sent_at,
            parts=self._parts,
            request_id=cleaned(self._last, self._api.names.answer.request_id),
        )
