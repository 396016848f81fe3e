"""The pages of `docs/reference/` that are made from the spec and from the command line."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup
from wan_conformance.cli.commands import app as conformance_app
from wan_conformance.report.html.size_plane import SizeScale, limit_words, size_drawing
from wan_conformance.report.run_facts import SizeAreas, areas_of

from wanlib.base.error_codes import classify, read_error_table
from wanlib.base.text import format_limit
from wanlib.cli.app import app
from wanlib.cli.commands.rule_details import expression_text
from wanlib.emulator.core.fault import FAULT_KINDS
from wanlib.spec import Spec, load
from wanlib.spec.model.model import DERIVED, Family, Field, Rule

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
_NOTE = "<!-- made by `python -m tests.docs.reference` from spec/; do not edit -->\n"
_SHAPE = frozenset({"type", "unknown", "only_for", "place", "model", "endpoints"})
"""Kinds of rules about the shape of a body, which the tables of limits leave out."""
_UNLISTED = frozenset({"mime", "encoding", "public", "unexpired", "schemes", "chars"})
"""Kinds of rules about how images are encoded and addressed, likewise."""
_RETRY = {"yes": "yes, later", "once": "once", "no": "no"}


def reference_pages() -> dict[str, str]:
    """Return the text of each page that is made from the spec, by its file name."""
    spec = load()
    pages: Mapping[str, Callable[[Spec], Iterator[str]]] = {
        "limits.md": _limits_page,
        "sizes.md": _sizes_page,
        "prices.md": _prices_page,
        "errors.md": _errors_page,
        "rules.md": _rules_page,
        "faults.md": _faults_page,
    }
    return {name: _page(page(spec)) for name, page in pages.items()}


def _page(lines: Iterable[str]) -> str:
    return "\n".join([_NOTE, *lines]).rstrip() + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table.

    Args:
        heads: The heads of the columns.
        rows: The cells of each row, as Markdown.
    """
    for cells in (heads, ["---"] * len(heads), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


def _limits_page(spec: Spec) -> Iterator[str]:
    yield "# Limits\n"
    yield "What a request may contain, field by field. `wanlib explain RULE` shows the page that states a"
    yield "limit, and a request on each side of it; [Rules](rules.md) lists every rule with its id. A mode in"
    yield "italics restricts a limit to the requests for which it holds.\n"
    for family in spec.families:
        yield f"## {', '.join(family.models)}\n"
        yield from _modes(family)
        rows = [
            (_code(field.path), field.type, _default(field), "; ".join(_limits(field)))
            for outer in family.fields
            for field in outer.walk()
        ]
        yield from table(("field", "type", "default", "limits"), rows)


def _modes(family: Family) -> Iterator[str]:
    if family.modes:
        yield "Modes:\n"
        for name, expression in family.modes.items():
            yield f"- *{name}*: `{expression_text(expression)}`"
        yield ""


def _default(field: Field) -> str:
    defaults = field.default.items()
    return "; ".join(
        f"{'depends on the request' if value == DERIVED else _code(_plain(value))}{_when(condition)}"
        for condition, value in defaults
    )


def _limits(field: Field) -> Iterator[str]:
    """Yield the limits of a field as text."""
    for rule in field.rules:
        if rule.kind not in _SHAPE | _UNLISTED:
            outcome = "" if rule.outcome == "rejected" else f", else {rule.outcome}"
            kind, limit = rule.kind.replace("_", " "), _limit(rule)
            if kind == "one of" and " " not in limit:
                kind = "only"
            shown = {"yes": kind, "none": f"no {kind}"}.get(limit, f"{kind} {_code(limit)}")
            yield f"{shown}{_when(rule.condition)}{outcome}"
    for word, values in field.advice.items():
        shown = values if isinstance(values, list | tuple) else [values]
        yield f"{word.replace('_', ' ')}: {', '.join(_code(str(value)) for value in shown)}"


def _limit(rule: Rule) -> str:
    limit = rule.limit.get("is", rule.limit) if isinstance(rule.limit, Mapping) else rule.limit
    if limit is True:
        return "yes"
    if isinstance(limit, Mapping) and "next" in limit:
        return f"next {' '.join(limit['next'])}"
    if isinstance(limit, Mapping):
        limit = [word for word in limit if word != "notes"]
    return format_limit(tuple(limit) if isinstance(limit, list | Mapping) else limit, rule.kind)


def _when(condition: Any) -> str:
    return f" (*{condition}*)" if condition is not None else ""


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _sizes_page(spec: Spec) -> Iterator[str]:
    yield "# Output sizes\n"
    yield "The sizes that each model allows if they are written as `width*height`. Both axes are logarithmic,"
    yield "so a limit on the number of pixels or on the ratio is a straight line. `wanlib size MODEL --ratio"
    yield "16:9` prints the valid size nearest to a ratio.\n"
    areas = areas_of({"sizes": SizeAreas(spec).to_json()})
    scale = SizeScale(areas)
    yield '<div class="planes">'
    for number, area in enumerate(areas):
        title = f"{area.model}, mode {area.mode}" if area.mode else area.model
        words = limit_words(area.sizes)
        yield f"<figure><figcaption><strong>{title}</strong><br>{words}</figcaption>"
        yield "".join(size_drawing(scale, number, f"sizes of {title}: {words}"))
        yield "</figure>"
    yield "</div>\n"
    for family in spec.families:
        for field in family.fields:
            if field.type == "size":
                yield from _keywords(family, field)


def _keywords(family: Family, field: Field) -> Iterator[str]:
    """Yield the keywords of a size, and the sizes that a page recommends."""
    keywords = [rule for rule in field.rules_of_kind("keywords") if rule.limit]
    recommended = field.advice.get("recommended", ())
    if not keywords and not recommended:
        return
    yield f"## {', '.join(family.models)}\n"
    always = {item for rule in keywords if not rule.condition for item in rule.limit.items()}
    rows = [
        (_code(keyword), f"{pixels:,}", f"only *{rule.condition}*" if rule.condition else "")
        for rule in keywords
        for keyword, pixels in rule.limit.items()
        if not rule.condition or (keyword, pixels) not in always
    ]
    if rows:
        yield from table(("keyword", "pixels, about", "mode"), rows)
    if recommended:
        yield f"Recommended: {', '.join(_code(size) for size in recommended)}.\n"


def _prices_page(spec: Spec) -> Iterator[str]:
    prices, rates = spec.wire["prices"], spec.wire["rates"]
    regions = list(dict.fromkeys(region for row in prices.values() for region in row))
    yield "# Prices and rates\n"
    yield "## Prices\n"
    yield "The price of one picture in yuan, by the region of the key. Only pictures that were made are"
    yield "billed. `wanlib check FILE` prints what a request can cost; `max_price=` and `budget=` of the"
    yield "client cap it.\n"
    rows = [[_code(model), *(row.get(region, "") for region in regions)] for model, row in prices.items()]
    yield from table(("model", *regions), rows)
    yield "## Rates\n"
    yield "How many tasks an account may submit, and how many run at the same time. The client keeps to these"
    yield "rates by itself.\n"
    yield from table(
        ("model", "submissions", "running at the same time"),
        [(_code(model), _rate(row), str(row["running"])) for model, row in rates.items()],
    )
    yield "## Calls by region\n"
    calls = {region: row["calls"] for region, row in spec.wire["regions"].items() if "calls" in row}
    yield from table(
        ("model", *calls),
        [[_code(model), *(", ".join(row.get(model, ())) for row in calls.values())] for model in spec.models],
    )
    task, links, upload = spec.task["expires"], spec.task["links_expire"], spec.wire["upload"]["expires"]
    yield "## Times\n"
    yield f"- A task becomes {task['into']} {task['is']} after its {task['of']}."
    yield f"- The links of its pictures expire {links['is']} after its {links['of']}."
    yield f"- A temporary upload expires after {upload}.\n"


def _rate(row: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{value} a {name.rpartition('_')[2]}" for name, value in row.items() if "submit" in name
    )


def _errors_page(spec: Spec) -> Iterator[str]:
    errors = read_error_table(spec.wire)
    yield "# Error codes\n"
    yield "What a code of the service means, the exception of the client, and whether the same request may"
    yield "succeed later. `wanlib explain CODE` and `wanlib.classify` use the same table, also for codes that"
    yield "are not listed.\n"
    rows = []
    for code, entry in sorted(errors.codes.items()):
        read = classify(errors, code)
        retry = _RETRY[read.retry] + (f"; once if the message has “{entry.once_if}”" if entry.once_if else "")
        rows.append((_code(code), str(read.status or ""), _code(read.error), retry, read.means))
    yield from table(("code", "status", "exception", "try again", "means"), rows)
    yield "A code may also come with one of these prefixes: " + ", ".join(map(_code, errors.prefixes)) + ".\n"
    yield "## Messages that say more than their code\n"
    yield from table(
        ("message contains", "code", "means", "what to do"),
        [
            (_code(wording.contains), ", ".join(map(_code, wording.codes)), wording.means, wording.advice)
            for wording in errors.wordings
        ],
    )


def _rules_page(spec: Spec) -> Iterator[str]:
    yield "# Rules\n"
    yield "Every rule by its id, which is its path in the YAML. The *outcome* is what the service does with a"
    yield "violation; `unspecified` means that no page says. The *source* is a page and section of"
    yield "`spec/sources.yaml`.\n"
    by_file: dict[str, list[Rule]] = {}
    for rule in spec.rules.values():
        by_file.setdefault(rule.id.partition("/")[0], []).append(rule)
    for name, rules in by_file.items():
        yield f"## {name}\n"
        yield from table(
            ("rule", "limit", "outcome", "source"),
            [(_code(rule.id), _code(_limit(rule)), rule.outcome, _code(rule.source)) for rule in rules],
        )


def _faults_page(spec: Spec) -> Iterator[str]:
    yield "# Faults\n"
    yield "What the emulator injects on request: with the header `x-wan-fault` of a request, `wanlib serve"
    yield "--faults`, or `faults.add(…)` of the pytest fixture `wan_emulator`. A fault is a kind with its"
    yield "arguments, such as `cut where=inside` or `error code=Throttling retry_after=2`."
    yield "[Testing without a key](../testing-without-a-key.md#faults) has an example.\n"
    yield from table(("kind", "effect"), [(_code(kind), effect) for kind, effect in FAULT_KINDS.items()])
    calls = dict.fromkeys(call for row in spec.wire["endpoints"].values() for call in row)
    yield "`on=` names the calls that a fault waits for, with commas between them:"
    yield f"{', '.join(map(_code, [*calls, *spec.wire['paths']]))}.\n"


def _command_lines() -> Iterator[str]:
    yield "# Commands\n"
    yield "The help texts of `wanlib` and `wan-conformance`.\n"
    for program, application in (("wanlib", app()), ("wan-conformance", conformance_app)):
        yield f"## {program}\n"
        root = typer.main.get_command(application)
        for words, command in _commands(root, (program,)):
            heading = " ".join(words)
            if len(words) > 1:
                yield f"### {heading}\n"
            context = command.make_context(heading, [], resilient_parsing=True, max_content_width=88)
            context.terminal_width = 88
            yield f"```text\n{command.get_help(context).rstrip()}\n```\n"


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each command of a program with the words that call it."""
    yield words, command
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            if not inner.hidden:
                yield from _commands(inner, (*words, name))


def write_pages(folder: Path = FOLDER) -> None:
    """Write the pages that are committed, and the one of the commands, which is not.

    Args:
        folder: Where to write them.
    """
    for name, text in (reference_pages() | {"commands.md": _page(_command_lines())}).items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write_pages()
