"""A patch of the spec files from findings: a unified diff with date, request id and the quoted message.

A changed limit is written into its line, with the evidence in `notes`; comments and everything else stay.
Each change is tried on a copy of the folder, which is loaded again. A change that the files cannot state is
written as `outcome: unspecified`, so that the next run does not probe it; if that fails too, it is left out
with a reason.
"""

import difflib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wan_conformance.live.naming.findings import Finding
from wan_conformance.live.patching.one_model import overridden
from wan_conformance.live.patching.rule_lines import Way, changed_text
from wan_conformance.live.patching.yaml_edits import UnwritableError
from wanlib.base.redaction import printable
from wanlib.spec import Spec, SpecError, load
from wanlib.spec.load import spec_folder


@dataclass(frozen=True)
class SpecPatch:
    """A patch, and the findings that it leaves out.

    Attributes:
        text: The unified diff for `git apply` and `patch -p1`; empty if nothing is changed.
        left_out: The rule and the reason of every finding that no line states.
    """

    text: str
    left_out: tuple[tuple[str, str], ...]


def make_patch(
    spec: Spec,
    findings: Sequence[Finding],
    probed: Mapping[str, frozenset[str]],
    folder: Path | None,
    date: str,
) -> SpecPatch:
    """Return the patch of a spec.

    Args:
        spec: The spec that was compared.
        findings: The findings of the run.
        probed: By rule, the models that were probed for it.
        folder: The folder of the spec as in `--spec`; None for the packaged one.
        date: The date of the run, `2026-11-29`.
    """
    left_out: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as temporary:
        trial = _Trial(spec, folder, Path(temporary))
        for finding in findings:
            try:
                trial.apply(finding, probed.get(finding.rule, frozenset()), _evidence(finding, date))
            except UnwritableError as error:
                left_out.append((finding.rule, str(error)))
        return SpecPatch(trial.diff(), tuple(left_out))


def _evidence(finding: Finding, date: str) -> str:
    """Return the source of a change: date, message and request id."""
    shown = f"the service answered {finding.quoted!r}" if finding.quoted else "seen by its status"
    ids = finding.request_ids
    request = f" (request {ids[-1]})" if ids else ""
    return printable(f"{date}, live: {shown}{request}. {finding.text}")


class _Trial:
    """A copy of the spec folder in which changes are tried one after another."""

    def __init__(self, spec: Spec, folder: Path | None, copy: Path) -> None:
        self._spec = spec
        self._copy = copy
        own = folder or spec_folder()
        self._label = "spec" if folder is None or folder.is_absolute() else folder.as_posix().strip("/")
        self._originals: dict[str, str] = {}
        for path in sorted({*spec_folder().glob("*.*"), *own.glob("*.*")}):
            shutil.copy(path if not (own / path.name).is_file() else own / path.name, copy / path.name)

    def apply(self, finding: Finding, probed: frozenset[str], evidence: str) -> None:
        """Change a file so that it states a finding, if the folder can be loaded afterwards."""
        after = finding.after
        if after is None:
            raise UnwritableError("no line states this; change the files by hand")
        if after.kind == "endpoints":
            raise UnwritableError("calls and regions in the model's file state this; change them by hand")
        models = finding.models if {*finding.models} < probed else ()
        is_limit = finding.change in ("wider", "narrower", "moved")
        ways = [Way(after, with_default=False), Way(after, with_default=True)] if is_limit else []
        limit = self._spec.rules[after.id].limit
        ways.append(Way(replace(after, limit=limit, outcome=_outcome(finding)), with_default=False))
        problem = ""
        for way in ways:
            try:
                self._try(way, models, evidence)
            except (UnwritableError, SpecError) as error:
                problem = problem or str(error).splitlines()[0]
            else:
                return
        raise UnwritableError(problem)

    def _try(self, way: Way, models: Sequence[str], evidence: str) -> None:
        """Write a change: for some models of the file, or for all of them if none is listed."""
        path = self._copy / way.rule.file
        before = path.read_text(encoding="utf-8")
        old = self._spec.rules[way.rule.id]
        if models:
            text = overridden(before, self._spec, old, way, models, evidence)
        else:
            text = changed_text(before, self._spec, old, way, evidence)
        path.write_text(text, encoding="utf-8")
        try:
            load(self._copy, alone=True)
        except SpecError:
            path.write_text(before, encoding="utf-8")
            raise
        self._originals.setdefault(way.rule.file, before)

    def diff(self) -> str:
        """Return the changes of all files."""
        lines: list[str] = []
        for name, before in sorted(self._originals.items()):
            now = (self._copy / name).read_text(encoding="utf-8")
            path = f"{self._label}/{name}"
            lines += difflib.unified_diff(
                before.splitlines(keepends=True), now.splitlines(keepends=True), f"a/{path}", f"b/{path}"
            )
        return "".join(lines)


def _outcome(finding: Finding) -> str:
    return "rejected" if finding.change == "refused" else "unspecified"
