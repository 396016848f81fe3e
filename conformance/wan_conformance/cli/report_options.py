"""The options of `run` and `report` that write reports to files, and what they do."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from wan_conformance.report.log import VerdictLog

HtmlOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Write one HTML file, which inherits the history of the file that it replaces."
    ),
]
JunitOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML to this file.")]
MarkdownOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Write Markdown to this file.")]
SarifOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Write SARIF 2.1.0 to this file.")]
SummaryOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Append a summary in Markdown to this file.")
]
BadgeOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the JSON of a badge for shields.io to this file.")
]
GithubOption = Annotated[
    bool,
    typer.Option(
        "--github", help="Print annotations of GitHub Actions, and append to the file in GITHUB_STEP_SUMMARY."
    ),
]


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """The reports that options ask for; None and False for those that they don't.

    Attributes:
        html: The file for HTML.
        junit: The file for JUnit XML.
        markdown: The file for Markdown.
        sarif: The file for SARIF.
        summary: The file that a summary in Markdown is appended to.
        badge: The file for the JSON of a badge.
        github: Whether annotations and the step summary of GitHub Actions are written.
    """

    html: Path | None = None
    junit: Path | None = None
    markdown: Path | None = None
    sarif: Path | None = None
    summary: Path | None = None
    badge: Path | None = None
    github: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the options ask for no report."""
        return self == ReportFiles()

    @property
    def files(self) -> dict[str, Path | None]:
        """The files by option."""
        options = ("html", "junit", "markdown", "sarif", "summary", "badge")
        return {f"--{option}": getattr(self, option) for option in options}

    def write(self, log: "VerdictLog") -> None:
        """Write all of them, and print the annotations for GitHub Actions."""
        from wan_conformance.report.ci import annotation_lines, append_step_summary, write_badge, write_sarif
        from wan_conformance.report.html.page import write_html
        from wan_conformance.report.junit import write_junit
        from wan_conformance.report.markdown import write_markdown

        writers: list[tuple[Path | None, Callable[[VerdictLog, Path], None]]] = [
            (self.html, write_html),
            (self.junit, write_junit),
            (self.markdown, write_markdown),
            (self.sarif, write_sarif),
            (self.summary, append_step_summary),
            (self.badge, write_badge),
        ]
        for path, write in writers:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                write(log, path)
        if self.github:
            for line in annotation_lines(log):
                typer.echo(line)
            if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
                append_step_summary(log, Path(summary))
