"""What the reports for people have in common: the words for an answer, and text that is safe to print."""

import json
import re

from wan_conformance.model import ExpectedAnswer, Observation, Verdict


def printable(text: str) -> str:
    """`text` with everything written out that could move a cursor, end a line or colour a terminal."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


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


def wrap_rule_id(rule: str, room: int) -> str:
    """A rule id on as many lines as it needs, each broken before a dot."""
    lines = [""]
    for step in re.split(r"(?=\.)", printable(rule)):
        if len(lines[-1]) + len(step) > room and lines[-1]:
            lines.append(" ")
        lines[-1] += step
    return "\n".join(lines)
