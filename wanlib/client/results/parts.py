"""What a result consists of: pictures, text between them, and the pictures that failed."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from wanlib.base.api_tables import WireNames
from wanlib.client.http.json_access import get_list, get_object, get_sanitized, get_text, strip_url
from wanlib.errors import UsageError


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """One picture.

    url: signed, and dead a day after the task's end; `repr` and `to_dict` leave its query out. choice: the
    index of the choice or result that it stands in. prompt, actual_prompt: as given, and as the service
    rewrote it; None where the answer does not tell.
    """

    url: str
    choice: int
    prompt: str | None = None
    actual_prompt: str | None = None
    reader: Callable[["Picture"], bytes] | None = field(default=None, compare=False, kw_only=True)
    async_reader: Callable[["Picture"], Awaitable[bytes]] | None = field(
        default=None, compare=False, kw_only=True
    )

    def read(self) -> bytes:
        """Fetch the picture and return the bytes of its PNG file.

        It is fetched anew each time, with the checks of `save`: a public address, a whole PNG, at most
        256 MiB.

        Returns:
            The bytes of a whole PNG file.

        Raises:
            LinkExpiredError: The link is dead, which it is a day after the end of the task.
            DownloadFailedError: The picture cannot be fetched.
            UsageError: The picture comes from `AsyncWan`, whose pictures have `aread`, or from no client.
        """
        if self.reader is None:
            raise UsageError(
                _UNREAD.format("await picture.aread()" if self.async_reader else "output.save()")
            )
        return self.reader(self)

    async def aread(self) -> bytes:
        """Fetch the picture of an `AsyncWan` and return the bytes of its PNG file, as `read` does."""
        if self.async_reader is None:
            raise UsageError(_UNREAD.format("picture.read()" if self.reader else "output.save()"))
        return await self.async_reader(self)

    def __repr__(self) -> str:
        return f"Picture({strip_url(self.url)!r}, choice={self.choice})"

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, the URL without its query."""
        prompts = {"prompt": self.prompt, "actual_prompt": self.actual_prompt}
        return {"type": "image", "url": strip_url(self.url), "choice": self.choice} | prompts


@dataclass(frozen=True, slots=True)
class PictureFailure:
    """One picture that failed, with the vendor's reason as far as there is one. It is not billed."""

    code: str | None
    message: str | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"type": "failure", "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class Text:
    """Text between pictures, or a piece of it as a stream brings it."""

    text: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"type": "text", "text": self.text}


Part: TypeAlias = Picture | Text | PictureFailure
PartT = TypeVar("PartT", bound=Part)
_UNREAD = "this picture can't be read so; call {}"


def parse_choices(names: WireNames, output: Mapping[str, Any]) -> Iterator[Part]:
    """The parts of `choices`, in reading order."""
    choice_names, payload = names.choice, names.answer
    for index, choice in enumerate(get_list(output, choice_names.choices) or ()):
        content = get_list(get_object(choice, choice_names.message), choice_names.content)
        if content is None and (code := get_sanitized(choice, payload.code)):
            yield PictureFailure(code, get_sanitized(choice, payload.message))
        for part in content or ():
            if url := get_text(part, choice_names.image):
                yield Picture(url, index)
            if words := get_text(part, choice_names.text):
                yield Text(words)


def parse_results(names: WireNames, output: Mapping[str, Any]) -> Iterator[Part]:
    """The parts of `results`: an entry without a URL has failed, whether or not it says why."""
    result_names, payload = names.result, names.answer
    for index, entry in enumerate(get_list(output, result_names.results) or ()):
        if url := get_text(entry, result_names.url):
            yield Picture(
                url,
                index,
                get_text(entry, result_names.prompt),
                get_text(entry, result_names.rewritten_prompt),
            )
        elif isinstance(entry, dict):
            yield PictureFailure(get_sanitized(entry, payload.code), get_sanitized(entry, payload.message))


def parse_parts(
    names: WireNames, output: Mapping[str, Any], preferred: str | None
) -> tuple[Part, ...] | None:
    """The parts under the model's own name, else under the other; None where neither list is there."""
    readers = {names.choice.choices: parse_choices, names.result.results: parse_results}
    there = [
        name
        for name in sorted(readers, key=lambda name: name != preferred)
        if get_list(output, name) is not None
    ]
    candidates = [tuple(readers[name](names, output)) for name in there]
    return next((parts for parts in candidates if parts), candidates[0] if candidates else None)
