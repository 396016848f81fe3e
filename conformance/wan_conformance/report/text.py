"""What the reports for people have in common: the words for an answer, and text that is safe to print."""

import json

from wan_conformance.model import ExpectedAnswer, Observation, Verdict
from wanlib.base.redaction import printable


def describe_answer(answer: ExpectedAnswer | Observation) -> str:
    """`refused: rule, rule`, `accepted`, or what went wrong."""
    if isinstance(answer, Observation) and answer.error is not None:
        return printable(answer.error)
    text = {True: "accepted", False: "refused", None: "either"}[answer.accepted]
    return f"{text}: {printable(', '.join(answer.rules))}" if answer.rules else f"{text}, no rule broken"


def redacted_body(verdict: Verdict, max_length: int = 400) -> str:
    """The redacted body on one line."""
    text = printable(json.dumps(verdict.body, ensure_ascii=False))
    return text if len(text) <= max_length else text[: max_length - 1] + "…"


def explain_command(verdict: Verdict) -> str | None:
    """The command that tells more of what went wrong, where a rule is to blame."""
    differing = sorted(set(verdict.expected.rules) ^ set(verdict.observed.rules))
    rule = verdict.rule or next(iter(differing), None)
    return f"wanlib explain {printable(rule)}" if rule else None
