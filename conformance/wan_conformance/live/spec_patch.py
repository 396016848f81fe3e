"""A patch of the spec files from findings: a unified diff with date, request id and the quoted message.

A changed limit is written into its line, with the evidence in `notes`; comments and everything else stay.
Each change is tried on a copy of the folder, which is loaded again. A change that the files cannot state is
written as `outcome: unspecified`, so that the next run does not ask about it; if that fails too, it is left
out with a reason.
"""

import difflib
import json
import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from wan_conformance.live.naming.findings import Finding
from wanlib.base.identifiers import parse_rule_id
from wanlib.base.redaction import printable
from wanlib.base.values import Ratio
from wanlib.spec import Rule, Spec, SpecError, load
from wanlib.spec.load import spec_folder
from wanlib.spec.model.model import Field
from wanlib.spec.model.modes import Condition

_MEGABYTE = 1_048_576
_LONGEST_SIDE = 999_999
_DEFAULTED = ("min", "max", "one_of", "keywords")


@dataclass(frozen=True)
class SpecPatch:
    """A patch, and what it leaves out.

    Attributes:
        text: The unified diff for `git apply` and `patch -p1`; empty if nothing is changed.
        left_out: The rule and the reason of every finding that no line states.
    """

    text: str
    left_out: tuple[tuple[str, str], ...]


class _UnwritableError(Exception):
    """A change that the spec files cannot state; the message says why."""


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
        findings: What a run found.
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
            except _UnwritableError as error:
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
            raise _UnwritableError("no line states this; change the files by hand")
        if set(finding.models) < probed:
            others = ", ".join(sorted(probed - {*finding.models}))
            raise _UnwritableError(f"it is not so for {others}: a mode must tell the models apart")
        is_limit = finding.change in ("wider", "narrower", "moved")
        ways = [_Way(after, with_default=False), _Way(after, with_default=True)] if is_limit else []
        limit = self._spec.rules[after.id].limit
        ways.append(_Way(replace(after, limit=limit, outcome=_outcome(finding)), with_default=False))
        problem = ""
        for way in ways:
            try:
                self._try(way, evidence)
            except (_UnwritableError, SpecError) as error:
                problem = problem or str(error).splitlines()[0]
            else:
                return
        raise _UnwritableError(problem)

    def _try(self, way: "_Way", evidence: str) -> None:
        path = self._copy / way.rule.file
        before = path.read_text(encoding="utf-8")
        old = self._spec.rules[way.rule.id]
        text = _changed_text(before, self._spec, old, way, evidence)
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


@dataclass(frozen=True)
class _Way:
    """A way to state a change: the rule as it is written, and whether the default follows the limit."""

    rule: Rule
    with_default: bool


def _outcome(finding: Finding) -> str:
    return "rejected" if finding.change == "refused" else "unspecified"


# Where a rule is stated.


def _steps(spec: Spec, rule: Rule) -> list[str]:
    """Return the keys that lead to the value of a rule in its file."""
    parts = parse_rule_id(rule.id)
    if rule.file == "wire.yaml":
        return ["bodies", *parts.path.split("."), rule.kind]
    if not rule.field:
        return [*parts.path.split("."), rule.kind]
    family = next(family for family in spec.families if rule.id.startswith(f"{family.name}/"))
    keys = ["fields"]
    fields: Sequence[Field] = family.fields
    for name in rule.field.split("."):
        if keys[-1] != "fields" and name != "each":
            keys.append("fields")
        field = next(field for field in fields if field.name == name)
        keys.append(name)
        fields = field.members or ((field.each,) if field.each else ())
    return [*keys, *_mode_keys(rule.condition), rule.kind]


def _mode_keys(condition: Condition | None) -> list[str]:
    if condition is None:
        return []
    return [f"when {'' if condition.wanted else 'not '}{condition.mode}"]


def _find(text: str, steps: Sequence[str]) -> yaml.Node | None:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for step in steps:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == step), None)
    return node


# How a change is written.


def _changed_text(text: str, spec: Spec, old: Rule, way: _Way, evidence: str) -> str:
    """Return the text of a file with a changed rule. Raise _UnwritableError if no line states the rule."""
    steps = _steps(spec, old)
    node = _find(text, steps)
    if node is None:
        raise _UnwritableError("the form of the body implies it, and no line states it")
    new = way.rule
    limit = None if new.limit == old.limit else _limit_text(new)
    outcome = None if new.outcome == old.outcome else new.outcome
    changed = _spliced(text, node, limit, outcome, evidence)
    if way.with_default:
        changed = _with_default(changed, [*steps[:-1], "default"], new)
    return changed


def _with_default(text: str, steps: Sequence[str], rule: Rule) -> str:
    """Return the text with the default at the limit: the old one is not allowed any more."""
    node = _find(text, steps)
    if node is None or rule.kind not in _DEFAULTED:
        raise _UnwritableError("the file would contradict itself")
    value = rule.limit if rule.kind in ("min", "max") else next(iter(rule.limit))
    note = "The former default is outside of the limit; what the service takes instead is not known."
    return _spliced(text, node, _scalar(value), None, note)


def _spliced(text: str, node: yaml.Node, limit: str | None, outcome: str | None, notes: str) -> str:
    """Return the text with another limit, outcome and notes at the value of a rule."""
    parts = {} if outcome is None else {"outcome": outcome}
    parts["notes"] = notes
    if not isinstance(node, yaml.MappingNode) or all(key.value != "is" for key, _ in node.value):
        return _annotated(text, node, limit, parts)
    annotations = {key.value: value for key, value in node.value}
    edits: list[tuple[int, int, str]] = []
    if limit is not None:
        edits.append((*_span(text, annotations["is"]), limit))
    for name, value in list(parts.items()):
        if name in annotations:
            stated = annotations[name]
            written = f"{stated.value} {value}" if name == "notes" else value
            edits.append((*_span(text, stated), _scalar(written)))
            del parts[name]
    if parts:
        edits.append(_insertion(text, node, parts))
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def _insertion(text: str, node: yaml.CollectionNode, parts: Mapping[str, str]) -> tuple[int, int, str]:
    """Return where further annotations are inserted: within braces, or on lines of their own."""
    if node.flow_style:
        end = _span(text, node.value[-1][1])[1]
        return end, end, "".join(f", {name}: {_scalar(value)}" for name, value in parts.items())
    indent = " " * node.start_mark.column
    start = node.start_mark.index
    written = "".join(f"{name}: {_scalar(value)}\n{indent}" for name, value in parts.items())
    return start, start, written


def _annotated(text: str, node: yaml.Node, limit: str | None, parts: Mapping[str, str]) -> str:
    """Return the text with a plain value as an annotated one."""
    start, end = _span(text, node)
    written = "".join(f", {name}: {_scalar(value)}" for name, value in parts.items())
    is_block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    if limit is None and is_block:
        raise _UnwritableError("its value has several lines; annotate it by hand")
    if is_block:
        start = text.rindex(":", 0, start) + 1  # on the line of the key, since braces hold it now
        return f"{text[:start]} {{is: {limit}{written}}}{text[end:]}"
    return f"{text[:start]}{{is: {limit or text[start:end]}{written}}}{text[end:]}"


def _span(text: str, node: yaml.Node) -> tuple[int, int]:
    """Return where a value begins and ends; a block ends before the blank space and comments after it."""
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        end = max(_span(text, child)[1] for child in _children(node))
    return start, end


def _children(node: yaml.CollectionNode) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return list(node.value)


def _scalar(value: Any) -> str:
    """Return a value in YAML, in quotes unless it is a plain word or a number."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not (value.isascii() and value.isalpha()):
        return json.dumps(value, ensure_ascii=False)
    return repr(value) if isinstance(value, float) else str(value)


def _limit_text(rule: Rule) -> str:
    """Return a limit as the files write it. Raise _UnwritableError if they cannot."""
    limit = rule.limit
    if rule.kind in ("min_pixels", "max_pixels"):
        return _pixels(limit)
    if rule.kind == "max_bytes":
        if limit % _MEGABYTE:
            raise _UnwritableError(f"{limit:,} bytes are not a number of MB, which is how the files state it")
        return f"{limit // _MEGABYTE} MB"
    if rule.kind == "keywords":
        return f"{{{', '.join(f'{word}: {_pixels(pixels)}' for word, pixels in limit.items())}}}"
    if isinstance(limit, Ratio):
        return str(limit)
    if isinstance(limit, Condition):
        return f"{'' if limit.wanted else 'not '}{limit.mode}"
    if isinstance(limit, tuple):
        return f"[{', '.join(map(_scalar, limit))}]"
    if isinstance(limit, dict):
        return f"{{{', '.join(f'{key}: {value}' for key, value in limit.items())}}}"
    return _scalar(limit)


def _pixels(count: int) -> str:
    """Return a number of pixels as width*height, as near to a square as there is one."""
    for width in range(math.isqrt(count), 0, -1):
        height, rest = divmod(count, width)
        if height > _LONGEST_SIDE:
            break
        if not rest:
            return f"{width}*{height}"
    raise _UnwritableError(f"no width and height have {count:,} pixels")
