"""The HTML report of a log: one file without external resources, which shows the failures by cause first.

Without JavaScript it is one long page. The script shows one view at a time, which the fragment of the URL
names (`#matrix?show=failures`, `#rule/wan2.7/n.max`), and makes the view of a rule from data in the page.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from wan_conformance.report.causes.grouping import group_by_cause
from wan_conformance.report.html.cause_list import cause_section
from wan_conformance.report.html.history import (
    BLOCK,
    PastRun,
    history_section,
    past_run,
    read_history,
    with_run,
)
from wan_conformance.report.html.markup import json_block, text
from wan_conformance.report.html.matrix import matrix_section, rule_data
from wan_conformance.report.html.size_plane import size_section
from wan_conformance.report.html.task_life import task_section
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.tally import RunTally, tally
from wan_conformance.report.text import unjudged_lines

_FOLDER = Path(__file__).parent
_COLORS = files("wanlib") / "emulator" / "page" / "colors.css"
"""The colors that the report shares with the page of the emulator, which is not loaded for them."""
_VIEWS = {
    "causes": "Causes",
    "matrix": "Rules",
    "sizes": "Sizes",
    "task": "Task",
    "history": "History",
}
"""The views by the id of their section."""


def write_html(log: VerdictLog, path: Path, vectors: Path | None = None) -> None:
    """Write the report, with the history that an earlier report at the same place holds.

    Args:
        log: The log.
        path: The file to write.
        vectors: The folder with the patches that add cases as vectors; None if there is none.
    """
    path.write_text(html_page(log, read_history(path), vectors), encoding="utf-8", newline="\n")


def html_page(log: VerdictLog, history: Sequence[PastRun] = (), vectors: Path | None = None) -> str:
    """Return the report.

    Args:
        log: The log.
        history: The earlier runs, the oldest first.
        vectors: As for `write_html`.
    """
    counted, causes = tally(log), group_by_cause(log)
    runs = with_run(history, past_run(log, counted, causes))
    style, script = ((_FOLDER / name).read_text("utf-8") for name in ("report.css", "report.js"))
    style = _COLORS.read_text("utf-8") + style
    policy = (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; script-src 'sha256-{_digest(script)}';"
        " base-uri 'none'; form-action 'none'"
    )
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_title(counted)}</title><style>{style}</style></head><body>",
        *_header(log, counted, len(causes)),
        "<main>",
        *cause_section(causes, vectors, runs[:-1], counted),
        *matrix_section(counted),
        '<section id="rule" class="view" hidden></section>',
        *size_section(log),
        *task_section(log),
        *history_section(runs),
        "</main>",
        json_block("data", rule_data(log, counted, causes)),
        json_block(BLOCK, runs),
        f"<script>{script}</script></body></html>\n",
    ]
    return "".join(parts)


def _digest(content: str) -> str:
    return b64encode(sha256(content.encode()).digest()).decode()


def _title(counted: RunTally) -> str:
    return text(f"Conformance: {counted.result}")


def _header(log: VerdictLog, counted: RunTally, causes: int) -> Iterator[str]:
    kind = "good" if counted.conforms else "bad"
    badge = f'<span class="badge {kind}">{text(counted.result)}</span>'
    yield f'<header><div class="top"><h1>Conformance {badge}</h1>'
    yield f'<p class="quiet">{text(counted)}</p>'
    facts = [*_facts(log, counted)]
    if facts:
        yield '<dl class="run">'
        yield from (f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in facts)
        yield "</dl>"
    yield '</div><nav aria-label="views"><ul>'
    numbers = {"causes": causes, "matrix": counted.rules}
    for name, label in _VIEWS.items():
        number = f" <span>{numbers[name]:,}</span>" if name in numbers else ""
        yield f'<li><a href="#{name}">{label}{number}</a></li>'
    yield "</ul></nav></header>"


def _facts(log: VerdictLog, counted: RunTally) -> Iterator[tuple[str, str]]:
    """Yield the facts about the run: its start, server, spec, seed, versions and left-out vectors."""
    run = log.run
    arguments = run.get("arguments", {})
    server = arguments.get("base_url") if isinstance(arguments, dict) else None
    facts = {
        "started": run.get("started"),
        "server": server,
        "spec": str(run["spec"])[:12] if "spec" in run else None,
        "seed": run.get("seed"),
    }
    yield from ((name, str(value)) for name, value in facts.items() if value is not None)
    versions = run.get("versions")
    if isinstance(versions, dict):
        yield "versions", ", ".join(f"{name} {version}" for name, version in versions.items())
    left_out = run.get("left_out")
    if isinstance(left_out, list) and left_out:
        yield "left out", "; ".join(map(str, left_out))
    notes = (*counted.validators, *map(str, counted.gates), *unjudged_lines(log.verdicts))
    yield from (("note", line) for line in notes)
