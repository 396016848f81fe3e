"""The findings about the official SDK that are known, by version, rule and scenario.

Each was observed with the version that the vendor's guide requires (1.25.15) and the newest of 2.x. A finding
that is missing here, and one that no longer occurs, both make `wan-conformance client --sdk` fail.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from wan_conformance.conduct.run import ClientResult


class KnownFinding(NamedTuple):
    """A rule that a version of the SDK breaks.

    Attributes:
        rule: The id of the rule.
        scenarios: The scenarios in which it breaks it.
        why: What the SDK does.
    """

    rule: str
    scenarios: tuple[str, ...]
    why: str


_INTERVALS = "polls after 1, 1, 2, 2, 2, 4, 4, 4, 5, 5, ... seconds"
_GIVES_UP = "ends the wait at the first answer 429, and the task id is lost"
_BOTH = (
    KnownFinding("client/leaves-no-task", ("busy-polls",), _GIVES_UP),
    KnownFinding("client/reports-the-outcome", ("busy-polls",), _GIVES_UP),
    KnownFinding("client/poll-interval", ("slow-task", "endless-task"), _INTERVALS),
)
SDK_FINDINGS: Mapping[str, tuple[KnownFinding, ...]] = {
    "sdk-pinned": (
        *_BOTH,
        KnownFinding(
            "client/has-a-deadline",
            ("endless-task", "silent-polls"),
            "waits without a limit, and 300 s for one answer",
        ),
    ),
    "sdk-newest": (
        *_BOTH,
        KnownFinding("client/has-a-deadline", ("silent-polls",), "waits 300 s for one answer"),
        KnownFinding(
            "client/never-pays-twice",
            ("lost-answer", "lost-sync-answer"),
            "sends a create again after the connection broke",
        ),
    ),
}
"""The known findings by the name of the client."""


def differences(name: str, results: Iterable[ClientResult]) -> Iterator[str]:
    """Yield findings that are not known, and known ones that no longer occur.

    Args:
        name: The client: a key of `SDK_FINDINGS`.
        results: Its results; scenarios that were not run are not compared.
    """
    results = list(results)
    run = {result.scenario.name for result in results}
    expected = {
        (known.rule, scenario)
        for known in SDK_FINDINGS[name]
        for scenario in known.scenarios
        if scenario in run
    }
    found = {
        (finding.rule, result.scenario.name)
        for result in results
        if result.report
        for finding in result.report.findings
    }
    yield from (f"{name}: new: {rule} in {scenario}" for rule, scenario in sorted(found - expected))
    yield from (f"{name}: no longer: {rule} in {scenario}" for rule, scenario in sorted(expected - found))
