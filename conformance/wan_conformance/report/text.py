"""Text helpers that the reports share: answers in words, rule ids on several lines."""

import json
from collections.abc import Iterable
from typing import Any

from wan_conformance.model import UNJUDGED, ExpectedAnswer, Observation, Verdict
from wanlib.base.redaction import printable


def expected_words(verdict: Verdict) -> str:
    """Return the expected result of a case; empty for a verdict that is not about a body."""
    return "" if verdict.body is None else describe_answer(verdict.expected)


def describe_answer(answer: ExpectedAnswer | Observation) -> str:
    """Return `refused: rule, rule`, `accepted`, or the error."""
    if isinstance(answer, Observation) and answer.error is not None:
        return printable(answer.error)
    text = {True: "accepted", False: "refused", None: "accepted or refused"}[answer.accepted]
    if isinstance(answer, Observation) and answer.answer is not None and not answer.rules:
        return text  # a server need not name rules
    return f"{text}: {printable(', '.join(answer.rules))}" if answer.rules else f"{text}, no rule violated"


def describe_response(observation: Observation) -> str:
    """Return status, code, message and request id of the last response; empty if there was none."""
    answer = observation.answer
    if answer is None:
        return ""
    words = [str(answer.status), *filter(None, (answer.code, answer.message))]
    return printable(": ".join(words) + (f" (request {answer.request_id})" if answer.request_id else ""))


def redacted_body(verdict: Verdict, max_length: int = 400) -> str:
    """Return the redacted body on one line of at most `max_length` characters."""
    text = printable(json.dumps(verdict.body, ensure_ascii=False))
    return text if len(text) <= max_length else text[: max_length - 1] + "…"


def case_words(verdict: Verdict) -> str:
    """Return the id of the case, and whether a smaller body than the one shown may fail, too."""
    return verdict.case + ("" if verdict.is_smallest else " (a smaller body may fail, too)")


def unjudged_lines(verdicts: Iterable[Verdict]) -> list[str]:
    """Return a line for each rule or check that was not judged, as the options of the run allow."""
    return [
        printable(f"not judged: {verdict.case.removeprefix(UNJUDGED)}: {verdict.reason}")
        for verdict in verdicts
        if verdict.is_unjudged and verdict.verdict == "skip"
    ]


def short_value(value: Any, max_length: int = 80) -> str | None:
    """Return a value of the spec on one line of at most `max_length` characters; None for None."""
    if value is None:
        return None
    text = printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= max_length else text[: max_length - 1] + "…"
