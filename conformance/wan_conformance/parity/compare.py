"""Both sides of each call held together, and what was declared held against what was met."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from wan_conformance.parity.calls import SdkCall
from wan_conformance.parity.requests import Difference, WireRequest, differences
from wan_conformance.parity.sdk import SdkResult
from wanlib.spec import Spec

FILE = Path(__file__).with_name("differences.yaml")
HOWS = ("ours only", "sdk only", "differs", "refused")


class DeclarationError(ValueError):
    """The file of differences is wrong; the message says where."""


@dataclass(frozen=True)
class DeclaredDifference:
    """One line of the file.

    at: a glob over `<face>/<verb>/<call>/<place>`, such as `aio/fetch/*/path`. how: one of HOWS. sdks: the
    names of those that show it; each must.
    """

    pattern: str
    how: str
    sdks: tuple[str, ...]
    reason: str

    def matches(self, sdk: str, at: str, how: str) -> bool:
        """Whether it speaks of this difference."""
        return sdk in self.sdks and how == self.how and fnmatchcase(at, self.pattern)


def read_declared(sdks: Sequence[str], path: Path = FILE) -> list[DeclaredDifference]:
    """The declared differences. Raises DeclarationError."""
    entries = yaml.safe_load(path.read_text("utf-8"))
    if not isinstance(entries, list):
        raise DeclarationError(f"{path.name}: expected a list")
    return [_declared(path.name, index, entry, sdks) for index, entry in enumerate(entries, 1)]


def _declared(name: str, index: int, entry: Any, sdks: Sequence[str]) -> DeclaredDifference:
    where = f"{name}: entry {index}"
    if not isinstance(entry, dict) or set(entry) != {"at", "how", "sdks", "reason"}:
        raise DeclarationError(f"{where}: expected at, how, sdks and reason")
    if entry["how"] not in HOWS:
        raise DeclarationError(f"{where}: how is {entry['how']!r}, expected one of {', '.join(HOWS)}")
    if not entry["sdks"] or not set(entry["sdks"]) <= set(sdks):
        raise DeclarationError(f"{where}: sdks is {entry['sdks']!r}, expected some of {', '.join(sdks)}")
    if not isinstance(entry["reason"], str) or len(entry["reason"]) < 10:
        raise DeclarationError(f"{where}: a reason is missing")
    return DeclaredDifference(entry["at"], entry["how"], tuple(entry["sdks"]), entry["reason"])


@dataclass
class ComparisonResult:
    """What came of an SDK. same: calls without any difference but declared ones. faults: all else."""

    sdk: str
    calls: int = 0
    equal: int = 0
    declared_counts: Counter[DeclaredDifference] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def compare(
    spec: Spec,
    sdk: str,
    calls: Sequence[SdkCall],
    ours: Sequence[WireRequest],
    theirs: Sequence[SdkResult],
    declared: Sequence[DeclaredDifference],
) -> ComparisonResult:
    """Every difference must be declared, and every declared one must be met."""
    found = ComparisonResult(sdk)
    for call, own, their in zip(calls, ours, theirs, strict=True):
        strange = list(_undeclared(spec, found, call, own, their, declared))
        found.calls += 1
        found.equal += not strange
        found.problems += strange
    for each in declared:
        if sdk in each.sdks and not found.declared_counts[each]:
            found.problems.append(f"declared, but never met: {each.pattern} {each.how}")
    return found


def _undeclared(
    spec: Spec,
    found: ComparisonResult,
    call: SdkCall,
    own: WireRequest,
    their: SdkResult,
    declared: Sequence[DeclaredDifference],
) -> Iterator[str]:
    """What is not declared; counts in `found` what is."""
    for each in _differences(spec, call, own, their):
        at = "/".join((call.face, call.verb, call.call or "task", each.place))
        known = [entry for entry in declared if entry.matches(found.sdk, at, each.how)]
        found.declared_counts.update(known)
        if not known:
            yield f"{call.body.get('model', 'task')}: {at} {each.how}"


def _differences(spec: Spec, call: SdkCall, own: WireRequest, their: SdkResult) -> Iterator[Difference]:
    if not their.requests:
        yield Difference(f"raised/{their.raised}", "refused")
        return
    form = spec.bodies[call.client_call.family.body] if call.client_call and call.client_call.family else None
    yield from differences(form, own, their.requests[-1])
    if len(their.requests) != (2 if call.verb == "poll" else 1):
        yield Difference(f"requests/{len(their.requests)}", "differs")
