"""The matrix of rules and targets, and the data from which the script makes a view of each rule."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wan_conformance.model import FAILING
from wan_conformance.report.causes.grouping import FailureCause
from wan_conformance.report.html.cause_list import MAX_CAUSES
from wan_conformance.report.html.markup import link, text
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.tally import RuleRow, RunTally, TargetCell
from wanlib.base.redaction import printable

_LETTERS = {"pass": "p", "fail": "f", "error": "e", "known": "k", "skip": "s"}
_NONE = "-"


def matrix_section(counted: RunTally) -> Iterator[str]:
    """Yield the section with a row for each rule and a column for each target, grouped by model."""
    yield '<section id="matrix" class="view"><h2>Rules and targets</h2>'
    yield '<form id="filters" role="search" aria-label="filter the rules">'
    yield '<label>search <input type="search" name="q" autocomplete="off" placeholder="rule or limit">'
    yield "</label>"
    yield '<label>show <select name="show"><option value="">all rules</option>'
    yield '<option value="failures">only failures</option>'
    yield '<option value="disagreements">only disagreements</option></select></label>'
    yield _choice("model", "all groups", list(counted.groups))
    yield _choice("target", "all targets", counted.targets)
    yield '<output id="shown" class="quiet"></output></form>'
    yield '<p class="quiet">A number is the cases that passed. Targets disagree on a rule if it fails on'
    yield " some of them.</p>"
    yield '<div class="frame" role="region" tabindex="0" aria-label="rules and targets"><table id="rules">'
    yield '<caption class="unseen">rules and targets</caption><thead><tr><th scope="col">rule</th>'
    yield '<th scope="col">limit</th><th scope="col">outcome</th>'
    for number, target in enumerate(counted.targets):
        yield f'<th scope="col" data-target="{number}">{text(target)}</th>'
    yield "</tr></thead>"
    width = len(counted.targets) + 3
    for group, rows in counted.groups.items():
        yield f'<tbody data-model="{text(group)}"><tr class="group"><th scope="rowgroup" colspan="{width}">'
        yield f"{text(group)}</th></tr>"
        for rule, row in rows.items():
            yield _row(rule, row, counted.targets)
        yield "</tbody>"
    yield "</table></div></section>"


def _choice(name: str, everything: str, values: Sequence[str]) -> str:
    options = "".join(f'<option value="{text(value)}">{text(value)}</option>' for value in values)
    first = f'<option value="">{everything}</option>'
    return f'<label>{name} <select name="{name}">{first}{options}</select></label>'


def _row(rule: str, row: RuleRow, targets: Sequence[str]) -> str:
    cells = [row.cells.get(target, TargetCell()) for target in targets]
    failing = sum(bool(cell.failed) for cell in cells)
    passing = sum(bool(cell.passed) and not cell.failed for cell in cells)
    flags = ("f" if failing else "") + ("d" if failing and passing else "")
    marks = f' class="{flags}"' if flags else ""
    columns = "".join(_cell(cell) for cell in cells)
    head = link(row.name, "rule", rule)
    return (
        f'<tr{marks}><th scope="row">{head}</th><td class="limit">{text(row.limit)}</td>'
        f"<td>{text(row.outcome)}</td>{columns}</tr>"
    )


def _cell(cell: TargetCell) -> str:
    kind = "bad" if cell.failed else "wait" if cell.known else ""
    return f'<td class="{kind}">{cell}</td>' if kind else f"<td>{cell}</td>"


def rule_data(log: VerdictLog, counted: RunTally, causes: Sequence[FailureCause]) -> dict[str, Any]:
    """Return the data of the rule views in compact form: a full run has thousands of cases.

    Returns:
        `targets`; `rules` (id, limit, outcome, place, statement); `causes` (id, headline); `reasons`; and
        `cases`: the id without what its rule implies, the index of the rule, a letter for the verdict of each
        target, the indexes of causes and of reasons by the index of the target.
    """
    details: Mapping[str, Mapping[str, str]] = log.run.get("rules", {})
    places, statements = log.run.get("places", {}), log.run.get("statements", {})
    rules = list(dict.fromkeys(verdict.rule for verdict in log.verdicts if verdict.rule))
    numbers = {rule: number for number, rule in enumerate(rules)}
    columns = {target: number for number, target in enumerate(counted.targets)}
    cause_of = {
        (verdict.case, verdict.target): number
        for number, cause in enumerate(causes[:MAX_CAUSES])
        for verdict in cause.verdicts
    }
    reasons: dict[str, int] = {}
    cases: dict[str, list[Any]] = {}
    for verdict in log.verdicts:
        case = cases.get(verdict.case)
        if case is None:
            rule = -1 if verdict.rule is None else numbers[verdict.rule]
            case = cases[verdict.case] = [_short_id(verdict.case, verdict.rule), rule, {}, {}, {}]
        column = columns[verdict.target]
        case[2][column] = _LETTERS[verdict.verdict]
        if verdict.verdict in FAILING:
            case[3][column] = cause_of.get((verdict.case, verdict.target), -1)
        elif verdict.reason and verdict.verdict != "pass":
            case[4][column] = reasons.setdefault(printable(verdict.reason), len(reasons))
    return {
        "targets": [printable(target) for target in counted.targets],
        "rules": [
            [
                printable(rule),
                *(printable(details.get(rule, {}).get(name, "")) for name in ("limit", "outcome")),
                printable(places.get(rule, "")),
                printable(statements.get(rule, "")),
            ]
            for rule in rules
        ],
        "causes": [[cause.id, cause.title] for cause in causes[:MAX_CAUSES]],
        "reasons": list(reasons),
        "cases": [_compact(case, len(columns)) for case in cases.values()],
    }


def _short_id(case: str, rule: str | None) -> str:
    """Return an id with `~` in place of the common prefix `edge:RULE/`."""
    prefix = f"edge:{rule}/"
    return printable(f"~{case.removeprefix(prefix)}" if rule and case.startswith(prefix) else case)


def _compact(case: list[Any], width: int) -> list[Any]:
    """Return a case with its verdicts as one word, and without empty tables at the end."""
    letters = "".join(case[2].get(column, _NONE) for column in range(width))
    compact = [case[0], case[1], letters, case[3], case[4]]
    while len(compact) > 3 and not compact[-1]:
        compact.pop()
    return [part if part != {} else 0 for part in compact]
