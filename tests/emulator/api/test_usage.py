"""The usage of a call: the members that a model states, or those of the form of its response."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from tests.emulator.api_client import PLAIN, SPEC, create, json_of, messages
from wanlib.emulator import Emulator
from wanlib.spec import Spec


def with_usage(usage: dict[str, str]) -> Spec:
    """Return the packaged spec with a usage of its own for one family."""
    family = SPEC.family(PLAIN)
    changed = replace(family, output=MappingProxyType({**family.output, "usage": usage}))
    return replace(SPEC, families=tuple(changed if other is family else other for other in SPEC.families))


def usage_of(spec: Spec) -> Any:
    answer = create(Emulator(spec=spec), messages(PLAIN, size="1024*768", n=2), "sync")
    assert answer.status == 200, answer.body
    return json_of(answer)["usage"]


def test_a_model_states_the_members_of_its_usage() -> None:
    spec = with_usage({"image_count": "images", "width": "width", "height": "height"})
    assert usage_of(spec) == {"image_count": 2, "width": 1024, "height": 768}
    assert usage_of(SPEC)["size"] == "1024*768"
