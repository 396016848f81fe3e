"""Compare both sides of each call, and the differences with those that are declared.

A difference that is not declared fails the comparison, and so does a declared one that does not occur: it
was fixed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from wan_conformance.engine.known_failures import load_entries, parse_reason
from wan_conformance.parity.calls import SdkCall
from wan_conformance.parity.requests import Difference, WireRequest, differences
from wan_conformance.parity.sdk import SdkResult
from wanlib.spec import Spec

FILE = Path(__file__).with_name("differences.yaml")
HOWS = ("ours only", "sdk only", "differs", "refused")


@dataclass(frozen=True)
class DeclaredDifference:
    """One entry of the file of declared differences.

    Attributes:
        pattern: A glob over `<face>/<verb>/<call>/<place>`, such as `aio/fetch/*/path`.
        how: One of `HOWS`.
        sdks: The names of the SDKs that show it; each of them must.
        reason: Why the client does not follow the SDK.
    """

    pattern: str
    how: str
    sdks: tuple[str, ...]
    reason: str

    def matches(self, sdk: str, place: str, how: str) -> bool:
        """Return whether the entry is about this difference."""
        return sdk in self.sdks and how == self.how and fnmatchcase(place, self.pattern)


def read_declared(sdks: Sequence[str], path: Path = FILE) -> list[DeclaredDifference]:
    """Return the declared differences of a file.

    Args:
        sdks: The names of the SDKs that an entry may mention.
        path: The file.

    Raises:
        EntryFileError: The file is unreadable or an entry is wrong.
    """
    return load_entries(path, lambda entry: _declared_difference(entry, sdks))


def _declared_difference(entry: Any, sdks: Sequence[str]) -> DeclaredDifference:
    if not isinstance(entry, dict) or set(entry) != {"at", "how", "sdks", "reason"}:
        raise ValueError("expected at, how, sdks and reason")
    if entry["how"] not in HOWS:
        raise ValueError(f"how is {entry['how']!r}, expected one of {', '.join(HOWS)}")
    if not entry["sdks"] or not set(entry["sdks"]) <= set(sdks):
        raise ValueError(f"sdks is {entry['sdks']!r}, expected some of {', '.join(sdks)}")
    return DeclaredDifference(entry["at"], entry["how"], tuple(entry["sdks"]), parse_reason(entry))


@dataclass
class ComparisonResult:
    """The comparison with one SDK.

    Attributes:
        sdk: Its name.
        calls: How many calls were compared.
        equal: How many of them differ only as declared.
        declared_counts: How often each declared difference occurred.
        problems: Differences that are not declared, and declared ones that did not occur.
    """

    sdk: str
    calls: int = 0
    equal: int = 0
    declared_counts: Counter[DeclaredDifference] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def compare(
    spec: Spec,
    sdk: str,
    calls: Sequence[SdkCall],
    client_requests: Sequence[WireRequest],
    sdk_results: Sequence[SdkResult],
    declared: Sequence[DeclaredDifference],
) -> ComparisonResult:
    """Compare the requests of both sides, call by call.

    Args:
        spec: The spec.
        sdk: The name of the SDK.
        calls: The calls that were made.
        client_requests: The request of the client for each call.
        sdk_results: What the SDK did for each call.
        declared: The declared differences.
    """
    result = ComparisonResult(sdk)
    for call, client_request, sdk_result in zip(calls, client_requests, sdk_results, strict=True):
        undeclared = list(_undeclared(spec, result, call, client_request, sdk_result, declared))
        result.calls += 1
        result.equal += not undeclared
        result.problems += undeclared
    for difference in declared:
        if sdk in difference.sdks and not result.declared_counts[difference]:
            result.problems.append(f"declared, but it does not occur: {difference.pattern} {difference.how}")
    return result


def _undeclared(
    spec: Spec,
    result: ComparisonResult,
    call: SdkCall,
    client_request: WireRequest,
    sdk_result: SdkResult,
    declared: Sequence[DeclaredDifference],
) -> Iterator[str]:
    """Yield the differences that are not declared; count the declared ones in `result`."""
    for difference in _differences(spec, call, client_request, sdk_result):
        place = "/".join((call.face, call.verb, call.call or "task", difference.place))
        matching = [entry for entry in declared if entry.matches(result.sdk, place, difference.how)]
        result.declared_counts.update(matching)
        if not matching:
            yield f"{call.body.get('model', 'task')}: {place} {difference.how}"


def _differences(
    spec: Spec, call: SdkCall, client_request: WireRequest, sdk_result: SdkResult
) -> Iterator[Difference]:
    if not sdk_result.requests:
        yield Difference(f"raised/{sdk_result.raised}", "refused")
        return
    form = spec.form(call.client_call.family) if call.client_call and call.client_call.family else None
    yield from differences(form, client_request, sdk_result.requests[-1])
    if len(sdk_result.requests) != (2 if call.verb == "poll" else 1):
        yield Difference(f"requests/{len(sdk_result.requests)}", "differs")
