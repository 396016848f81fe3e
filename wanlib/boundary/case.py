"""A request to judge, with and without the verdict that it should get."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """The input of an implementation under test: a request, without the expected verdict.

    Attributes:
        body: The wire body, any JSON value.
        call: How it is sent: `sync`, `async` or `stream`; None if that is left open.
    """

    body: Any
    call: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the expected verdict.

    Attributes:
        id: Unique in a run and the same in every run: `edge:…`, `vector:…`, `strategy:…`.
        rule: The id of the rule that the case tests; None if it tests no single rule.
        question: The request.
        breaks: Rule id and outcome of every rule that the body violates, sorted; empty for a valid body.
        seed: The random seed of a generated body; None if nothing was random.
        place: `file:line` of a case that was written by hand; None for others.
        modes: The modes that hold for the valid body next to it; None if they are not known.
    """

    id: str
    rule: str | None
    question: Question
    breaks: tuple[tuple[str, str], ...]
    seed: int | None = None
    place: str | None = None
    modes: tuple[str, ...] | None = None
