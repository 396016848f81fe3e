"""A transcript of the emulator of a spec: always the same requests, and all responses.

The requests are those of a client that uses the packaged spec.
"""

from collections.abc import Callable, Iterator

from tests.effects import body_scenarios, service_scenarios
from wanlib.spec import Spec

Scenario = Callable[[Spec], Iterator[str]]


def transcript(spec: Spec) -> Iterator[str]:
    """Yield every response as text; a scenario that fails yields the error."""
    for scenario in SCENARIOS:
        try:
            yield from scenario(spec)
        except Exception as error:  # a spec that the emulator cannot run differs from one that it can
            yield f"{scenario.__name__} ends with {type(error).__name__}: {error}"


SCENARIOS: tuple[Scenario, ...] = (
    body_scenarios.documented_calls,
    body_scenarios.older_sizes,
    body_scenarios.newer_sizes,
    service_scenarios.codes,
    service_scenarios.situations,
    service_scenarios.lives,
    service_scenarios.cancels,
    service_scenarios.tokens,
    service_scenarios.keys,
    service_scenarios.lists,
    service_scenarios.quotas,
    service_scenarios.regions,
    body_scenarios.missing_fields,
    body_scenarios.refusals,
    service_scenarios.uploads,
    body_scenarios.listed_sizes,
    service_scenarios.raw,
    body_scenarios.large_files,
)
