"""`Result`: the result of a call, parsed from any documented response body."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, overload

from wanlib.base.api_tables import ApiTables, Model
from wanlib.base.redaction import to_safe_json
from wanlib.client.http.json_access import get_object, get_sanitized, get_text, parse_time, sanitize
from wanlib.client.protocol.budget import Price
from wanlib.client.results.parts import Part, Picture, PictureFailure, Text, parse_parts
from wanlib.errors import JournalError, MalformedResponseError

__all__ = ["CallContext", "Part", "Picture", "PictureFailure", "Result", "Text", "parse_result"]


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """The result of a call, a sequence of its pictures.

    Attributes:
        model: The name of the model; None if the task was continued by its id alone.
        parts: Pictures, text and failures in reading order.
        usage: The vendor's counts.
        requested: How many pictures were requested; None if that is not known.
        exact: Whether exactly that many were requested; otherwise `requested` is an upper bound.
        request_id: The vendor's id of the exchange that returned it; None if the response has none.
        submit_request_id: The vendor's id of the exchange that accepted the task; None if not known, and
            for a call without a task.
        task_id: The id of the task; None for a call without a task.
        submitted_at: Seconds since 1970; None if not known.
        ended_at: Seconds since 1970; None if not known.
        links_expire_at: Seconds since 1970 at which the links of the pictures expire; None if not known.
        spent: The price of the pictures that were made; None if no price is documented.
        raw: The whole response body. Besides `Picture.url` it is the only place with complete URLs.
        journal_error: Why the journal does not contain the end of the call; None if it does, or without
            a journal.
        label: The caller's own name for the call; None if it has none.
    """

    model: str | None
    parts: tuple[Part, ...]
    usage: Mapping[str, Any]
    requested: int | None
    exact: bool
    request_id: str | None
    task_id: str | None
    submitted_at: float | None
    ended_at: float | None
    links_expire_at: float | None
    spent: Price | None
    raw: Mapping[str, Any]
    journal_error: JournalError | None = field(default=None, compare=False, kw_only=True)
    label: str | None = field(default=None, kw_only=True)
    submit_request_id: str | None = field(default=None, kw_only=True)

    @property
    def images(self) -> tuple[Picture, ...]:
        """The pictures."""
        return tuple(part for part in self.parts if isinstance(part, Picture))

    @property
    def failures(self) -> tuple[PictureFailure, ...]:
        """The pictures that failed."""
        return tuple(part for part in self.parts if isinstance(part, PictureFailure))

    @property
    def text(self) -> str:
        """All text, each part on its own lines."""
        return "\n".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def has_failures(self) -> bool:
        """Whether a picture failed."""
        return bool(self.failures)

    @property
    def is_incomplete(self) -> bool:
        """Whether an exact number of pictures was requested and there are fewer."""
        return self.exact and self.requested is not None and len(self.images) < self.requested

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.images)

    def __iter__(self) -> Iterator[Picture]:
        """Iterate over the pictures."""
        return iter(self.images)

    @overload
    def __getitem__(self, index: int) -> Picture: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Picture, ...]: ...

    def __getitem__(self, index: int | slice) -> Picture | tuple[Picture, ...]:
        """Return a picture by its index, from 0. Raise IndexError if there is none."""
        return self.images[index]

    def __repr__(self) -> str:
        pictures = "1 picture" if len(self.images) == 1 else f"{len(self.images)} pictures"
        failed = f", {len(self.failures)} failed" if self.failures else ""
        return f"<Result of {self.model or 'a task'}: {pictures}{failed}, task {self.task_id}>"

    def _repr_html_(self) -> str:
        """Return previews of all pictures for a notebook, which fetches them, and the text between them."""
        from wanlib.client.results.display import parts_html

        return parts_html(self.parts)

    def without_client(self) -> "Result":
        """Return the plain data, which can be pickled: its pictures cannot be read or saved."""
        parts = [
            replace(part, reader=None, async_reader=None, display_reader=None)
            if isinstance(part, Picture)
            else part
            for part in self.parts
        ]
        members = {member.name: getattr(self, member.name) for member in fields(Result)}
        return Result(**members | {"parts": tuple(parts)})

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values for logs and files. No URL has its query here, and `raw` is left out."""
        names = (
            "model",
            "label",
            "requested",
            "exact",
            "request_id",
            "submit_request_id",
            "task_id",
            "submitted_at",
            "ended_at",
            "links_expire_at",
        )
        return {name: getattr(self, name) for name in names} | {
            "parts": [part.to_dict() for part in self.parts],
            "usage": {sanitize(name): to_safe_json(value) for name, value in self.usage.items()},
            "partial": self.has_failures,
            "short": self.is_incomplete,
            "spent": self.spent.to_dict() if self.spent else None,
        }


@dataclass(frozen=True, slots=True)
class CallContext:
    """The client's data about a call beyond its response; a value of None is looked up in the response.

    Attributes:
        requested: As in `Result`.
        exact: As in `Result`.
        task_id: The id of the task, if there is one.
        submitted_at: Seconds since 1970.
        ended_at: Seconds since 1970.
        price_per_picture: The price of one picture; None if no price is documented.
        label: The caller's own name for the call; None if it has none.
        submit_request_id: As in `Result`.
    """

    requested: int | None = None
    exact: bool = False
    task_id: str | None = None
    submitted_at: float | None = None
    ended_at: float | None = None
    price_per_picture: Price | None = None
    label: str | None = None
    submit_request_id: str | None = None


def parse_result(
    api: ApiTables, model: Model | None, payload: Mapping[str, Any], context: CallContext | None = None
) -> Result:
    """Parse the result of a response body, in any of the documented shapes.

    There may be several `choices` with one picture each, or one choice with all of them and text between;
    each of the `results` is a picture or a failure. Undocumented members are ignored. A list without a
    picture gives a result without images.

    Args:
        api: The tables of the API.
        model: The model, whose own shape is tried first. None if it is not known.
        payload: The response body.
        context: The known data about the call.

    Raises:
        MalformedResponseError: It has neither list.
    """
    known = context or CallContext()
    names = api.names
    output = get_object(payload, names.answer.output)
    parts = parse_parts(api.names, output, model.result if model else None)
    task_id = known.task_id or get_sanitized(output, names.task.id)
    request_id = get_sanitized(payload, names.answer.request_id)
    if parts is None:
        lists = (names.choice.choices, names.result.results)
        expected = " nor ".join(f"{names.answer.output}.{name}" for name in lists)
        message = f"the response has neither {expected}"
        raise MalformedResponseError(message, request_id=request_id, task_id=task_id)
    submitted_at = _known_or_stated(known.submitted_at, output, names.task.submitted, api)
    ended_at = _known_or_stated(known.ended_at, output, names.task.ended, api)
    return Result(
        model=model.name if model else None,
        parts=parts,
        usage=get_object(payload, names.answer.usage),
        requested=known.requested,
        exact=known.exact,
        request_id=request_id,
        task_id=task_id,
        submitted_at=submitted_at,
        ended_at=ended_at,
        links_expire_at=None if ended_at is None else ended_at + api.life.links_expire_after,
        spent=_cost(known.price_per_picture, sum(isinstance(part, Picture) for part in parts)),
        raw=payload,
        label=known.label,
        submit_request_id=known.submit_request_id,
    )


def _known_or_stated(
    known: float | None, output: Mapping[str, Any], name: str, api: ApiTables
) -> float | None:
    return known if known is not None else parse_time(get_text(output, name), api.query_zone)


def _cost(price: Price | None, pictures: int) -> Price | None:
    return None if price is None else Price(Decimal(price.amount) * pictures, price.currency, pictures)
