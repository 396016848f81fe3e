"""The first view of the HTML report: the failures by cause, with explanations and commands to repeat them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from wan_conformance.model import Verdict
from wan_conformance.report.causes.grouping import FailureCause
from wan_conformance.report.causes.requests import body_text
from wan_conformance.report.causes.vector_patch import apply_command
from wan_conformance.report.html.history import PastRun
from wan_conformance.report.html.markup import anchor, lines, link, text
from wan_conformance.report.tally import RunTally
from wan_conformance.report.text import (
    case_words,
    describe_answer,
    describe_response,
    expected_words,
)
from wanlib.base.text import quantity

MAX_CAUSES = 150
"""Maximum number of listed causes; the log has all of them."""
_MAX_BODY = 600
"""Maximum number of characters of a body; the vector has the whole body."""


def cause_section(
    causes: Sequence[FailureCause], vectors: Path | None, history: Sequence[PastRun], counted: RunTally
) -> Iterator[str]:
    """Yield the section with all causes, those with the most cases first.

    Args:
        causes: The causes.
        vectors: The folder with the patches that add cases as vectors; None if there is none.
        history: The earlier runs.
        counted: The counts of the run.
    """
    yield '<section id="causes" class="view"><h2>Failures by cause</h2>'
    failed_gates = [gate for gate in counted.gates if not gate.passed]
    if counted.conforms:
        yield '<p class="card">Every target follows every rule that it can judge.</p>'
    elif not causes and not failed_gates:
        yield '<p class="card">Nothing failed, but nothing was judged either.</p>'
    for gate in failed_gates:
        yield f'<p class="card cause">{text(gate)}</p>'
    for cause in causes[:MAX_CAUSES]:
        since = next((run.started for run in history if cause.id in run.causes), None)
        yield from _article(cause, cause.patch_in(vectors), since if history else "")
    if len(causes) > MAX_CAUSES:
        yield f"<p>And {len(causes) - MAX_CAUSES:,} more causes: the log has all of them.</p>"
    yield "</section>"


def _article(cause: FailureCause, patch: Path | None, since: str | None) -> Iterator[str]:
    smallest = cause.smallest
    name = f"cause/{cause.id}"
    yield f'<article class="card cause" id="{name}" aria-labelledby="{name}/title">'
    yield f'<h3 id="{name}/title"><a href="{anchor(name)}">{text(cause.title)}</a></h3>'
    yield f'<p class="facts"><span class="badge bad">{text(smallest.verdict)}</span>'
    if cause.rule is not None:
        yield f"<span>{link(cause.rule, 'rule', cause.rule)} {text(cause.limit)}</span>"
    elif cause.rules:
        yield f"<span>{len(cause.rules):,} rules</span>"
    if cause.place:
        yield f"<code>{text(cause.place)}</code>"
    yield f"<span>{quantity(cause.cases, 'case')}</span>"
    if since != "":
        yield f'<span class="quiet">{"new in this run" if since is None else f"since {text(since)}"}</span>'
    yield "</p>"
    if smallest.body is not None:
        yield f'<p class="body">{text(_body_line(smallest))}</p>'
    yield "<details><summary>details, and how to repeat it</summary>"
    yield '<dl class="pairs">'
    yield from _pair("expected", expected_words(smallest))
    yield from _pair("observed", describe_answer(smallest.observed))
    yield from _pair("answered", describe_response(smallest.observed))
    yield from _pair("case", case_words(smallest))
    yield "</dl>"
    yield from _code("run just this", cause.replay)
    if cause.curl is not None:
        yield from _code("the same request with curl", cause.curl)
    if cause.vector is not None and patch is not None:
        yield from _code("keep the case as a vector", apply_command(patch, cause.run))
    if cause.vector is not None:
        yield from _code("the vector", cause.vector)
    if len(cause.rules) > 1:
        rules = ", ".join(link(rule, "rule", rule) for rule in cause.rules)
        yield f'<p class="label">{len(cause.rules):,} rules</p><p>{rules}</p>'
    yield "</details></article>"


def _pair(label: str, value: str) -> Iterator[str]:
    if value:
        yield f"<div><dt>{label}</dt><dd>{text(value)}</dd></div>"


def _body_line(verdict: Verdict) -> str:
    line = body_text(verdict)
    return line if len(line) <= _MAX_BODY else f"{line[:_MAX_BODY]}…"


def _code(label: str, code: str) -> Iterator[str]:
    yield f'<p class="label">{label}</p>'
    yield f'<pre tabindex="0">{lines(code)}</pre>'
