"""The parts of a result: pictures, the text between them, and pictures that failed."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from wanlib.base.wire_names import WireNames
from wanlib.client.http.json_access import get_list, get_object, get_sanitized, get_text, strip_url
from wanlib.errors import UsageError, WanError

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """One picture of a result.

    Attributes:
        url: The signed link, which expires a day after the end of the task. `repr` and `to_dict` leave out
            its query.
        choice: The index, from 0, of the choice or result that contains it.
        prompt: The prompt as it was sent; None if the response has none.
        actual_prompt: The prompt as the service rewrote it; None if the response has none.
        reader: Fetches the picture, for pictures of a `Wan`; None otherwise.
        async_reader: Fetches the picture, for pictures of an `AsyncWan`; None otherwise.
        display_reader: Fetches the picture for its display, blocking; None if that is not possible.
    """

    url: str
    choice: int
    prompt: str | None = None
    actual_prompt: str | None = None
    reader: Callable[["Picture"], bytes] | None = field(default=None, compare=False, kw_only=True)
    async_reader: Callable[["Picture"], Awaitable[bytes]] | None = field(
        default=None, compare=False, kw_only=True
    )
    display_reader: Callable[["Picture"], bytes] | None = field(default=None, compare=False, kw_only=True)

    def read(self) -> bytes:
        """Fetch the picture and return the bytes of its PNG file.

        It is downloaded again each time, with the checks of `save`: a public address, a complete PNG, at most
        256 MiB.

        Returns:
            The bytes of the complete PNG file.

        Raises:
            LinkExpiredError: The link has expired, a day after the end of the task.
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

    def pil(self) -> "Image":
        """Fetch the picture, as `read` does, and return it as an image of Pillow.

        Raises:
            MalformedResponseError: It cannot be decoded.
            ModuleNotFoundError: Pillow is not installed; the message names the extra.
        """
        from wanlib.client.results.display import to_pillow

        return to_pillow(self.read())

    async def apil(self) -> "Image":
        """Fetch the picture of an `AsyncWan` and return it as an image of Pillow, as `pil` does."""
        from wanlib.client.results.display import to_pillow

        return to_pillow(await self.aread())

    def read_for_display(self) -> bytes:
        """Fetch the picture as `read` does, also for an `AsyncWan`, whose event loop is blocked meanwhile.

        Raises:
            UsageError: The picture comes from no client, or from an `AsyncWan` with your own
                `http_client`.
        """
        if self.display_reader is None:
            raise UsageError("this picture can't be shown; save it, and show the file")
        return self.display_reader(self)

    def _repr_png_(self) -> bytes | None:
        """Return a preview for a notebook, which fetches the picture; None if it cannot be fetched."""
        from wanlib.client.results.display import preview_png

        try:
            return preview_png(self.read_for_display())
        except WanError:
            return None

    def __repr__(self) -> str:
        return f"Picture({strip_url(self.url)!r}, choice={self.choice})"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values, with the URL without its query."""
        prompts = {"prompt": self.prompt, "actual_prompt": self.actual_prompt}
        return {"type": "image", "url": strip_url(self.url), "choice": self.choice} | prompts


@dataclass(frozen=True, slots=True)
class PictureFailure:
    """A picture that failed; it is not billed.

    Attributes:
        code: The vendor's error code; None if the response has none.
        message: The vendor's reason; None if the response has none.
    """

    code: str | None
    message: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"type": "failure", "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class Text:
    """Text between pictures, or a piece of it from a stream."""

    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"type": "text", "text": self.text}


Part: TypeAlias = Picture | Text | PictureFailure
PartT = TypeVar("PartT", bound=Part)
_UNREAD = "this picture can't be read this way; call {}"


def parse_choices(names: WireNames, output: Mapping[str, Any]) -> Iterator[Part]:
    """Yield the parts of `choices` in reading order."""
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
    """Yield the parts of `results`: an entry without a URL is a failure, with or without a reason."""
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
    """Return the parts under the preferred name, else under the other; None if neither list exists."""
    readers = {names.choice.choices: parse_choices, names.result.results: parse_results}
    present = [
        name
        for name in sorted(readers, key=lambda name: name != preferred)
        if get_list(output, name) is not None
    ]
    candidates = [tuple(readers[name](names, output)) for name in present]
    return next((parts for parts in candidates if parts), candidates[0] if candidates else None)
