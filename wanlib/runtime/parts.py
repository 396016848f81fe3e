"""What a result consists of: pictures, text between them, and the pictures that failed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from wanlib.runtime.members import bare_url, cleaned, items, mapping, text


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

    def __repr__(self) -> str:
        return f"Picture({bare_url(self.url)!r}, choice={self.choice})"

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, the URL without its query."""
        told = {"prompt": self.prompt, "actual_prompt": self.actual_prompt}
        return {"type": "image", "url": bare_url(self.url), "choice": self.choice} | told


@dataclass(frozen=True, slots=True)
class Failure:
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


Part: TypeAlias = Picture | Text | Failure


def choice_parts(output: Mapping[str, Any]) -> Iterator[Part]:
    """The parts of `choices`, in reading order."""
    for index, choice in enumerate(items(output, "choices") or ()):
        content = items(mapping(choice, "message"), "content")
        if content is None and (code := cleaned(choice, "code")):
            yield Failure(code, cleaned(choice, "message"))
        for part in content or ():
            if url := text(part, "image"):
                yield Picture(url, index)
            if words := text(part, "text"):
                yield Text(words)


def result_parts(output: Mapping[str, Any]) -> Iterator[Part]:
    """The parts of `results`: an entry without a URL has failed, whether or not it says why."""
    for index, entry in enumerate(items(output, "results") or ()):
        if url := text(entry, "url"):
            yield Picture(url, index, text(entry, "orig_prompt"), text(entry, "actual_prompt"))
        elif isinstance(entry, dict):
            yield Failure(cleaned(entry, "code"), cleaned(entry, "message"))


_READERS = {"choices": choice_parts, "results": result_parts}


def parts_of(output: Mapping[str, Any], own: str | None) -> tuple[Part, ...] | None:
    """The parts under the model's own name, else under the other; None where neither list is there."""
    there = [
        name for name in sorted(_READERS, key=lambda name: name != own) if items(output, name) is not None
    ]
    found = [tuple(_READERS[name](output)) for name in there]
    return next((parts for parts in found if parts), found[0] if found else None)
