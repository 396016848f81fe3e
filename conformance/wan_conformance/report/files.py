"""Write the reports of a run to its folder: Markdown, HTML, JUnit, and the patches that add vectors."""

from pathlib import Path

from wan_conformance.report.causes.grouping import group_by_cause
from wan_conformance.report.causes.vector_patch import remove_patches, write_vector_patch
from wan_conformance.report.html.page import write_html
from wan_conformance.report.junit import write_junit
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.markdown import write_markdown

LOG, MARKDOWN, JUNIT, HTML = "verdicts.ndjson", "report.md", "junit.xml", "report.html"
"""The names of the files in the folder."""
VECTORS = "vectors"
"""The name of the folder with patches in it."""
_MAX_PATCHES = 50


def write_reports(log: VerdictLog, folder: Path) -> None:
    """Write every report that is made without options, and replace the patches of the run before."""
    vectors = folder / VECTORS
    remove_patches(vectors)
    found = (cause.vector for cause in group_by_cause(log)[:_MAX_PATCHES])
    for vector in filter(None, found):
        write_vector_patch(vector, vectors)
    write_markdown(log, folder / MARKDOWN, vectors)
    write_junit(log, folder / JUNIT)
    write_html(log, folder / HTML, vectors)
