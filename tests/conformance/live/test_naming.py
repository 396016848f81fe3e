"""A change of the service is named with its rule and its limit, in few requests, and nothing else is named.

A sample; `make live` injects every change.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import pytest
from wan_conformance.live.naming.statements import stated_limits
from wan_conformance.live.planning.plan import ProbePlan, make_plan
from wan_conformance.live.probe import Probe, ProbeAnswer
from wan_conformance.live.session import run_plan

from tests.conformance.live.trials import IMAGE_URL, EmulatorSender, Trial, run_trial
from wanlib.spec import Spec, load
from wanlib.spec.mutations import mutate_spec, replace_rule

SPEC = load()
MODEL = "wan2.5-i2i-preview"
RULES = ("wan2.5/n.*", "wan2.5/size.m*", "wan2.5/seed.*", "wan2.5/images.m*", "wan2.5/images.each.formats")


@lru_cache
def plan(models: tuple[str, ...] = (MODEL,), rules: tuple[str, ...] = RULES) -> ProbePlan:
    return make_plan(SPEC, models, rules, IMAGE_URL)


class AlteredSender(EmulatorSender):
    """Answers as an emulator whose messages are altered."""

    def __init__(self, spec: Spec, alter: Callable[[str], str]) -> None:
        super().__init__(spec)
        self._alter = alter

    def send(self, probe: Probe) -> ProbeAnswer:
        answer = super().send(probe)
        return replace(answer, message=self._alter(answer.message)) if answer.message else answer


def trial(*mutants: str) -> Trial:
    changed = SPEC
    for mutant in mutants:
        changed = mutate_spec(changed, mutant)
    return run_trial(" ".join(mutants), SPEC, changed, plan(), *(name.partition("=")[0] for name in mutants))


@pytest.mark.parametrize(
    "mutant",
    [
        "wan2.5/n.max=wider",
        "wan2.5/n.max=tighter",
        "wan2.5/n.max=dropped",
        "wan2.5/seed.min=wider",
        "wan2.5/size.max_pixels=wider",
        "wan2.5/size.min_ratio=tighter",
        "wan2.5/images.max_count=tighter",
        "wan2.5/images.each.formats=wider",
    ],
)
def test_a_change_is_named_in_at_most_two_requests_more(mutant: str) -> None:
    result = trial(mutant)
    assert result.named
    assert len(result.result.findings) == 1
    assert result.requests <= result.allowed == plan().count + 2


def test_two_changes_are_named() -> None:
    result = trial("wan2.5/n.max=wider", "wan2.5/size.max_pixels=tighter")
    assert result.named and len(result.result.findings) == 2
    assert result.requests <= result.allowed == plan().count + 4


def test_a_bound_that_no_message_states_is_searched() -> None:
    for mutant in ("wan2.5/n.max=wider", "wan2.5/n.max=tighter"):
        sender = AlteredSender(mutate_spec(SPEC, mutant), lambda message: "InvalidParameter")
        (finding,) = run_plan(SPEC, plan(), sender, image_url=IMAGE_URL).findings
        assert (finding.rule, finding.new) == ("wan2.5/n.max", 5 if mutant.endswith("wider") else 3)


def test_a_wrong_bound_in_a_message_is_not_believed() -> None:
    sender = AlteredSender(mutate_spec(SPEC, "wan2.5/n.max=wider"), lambda text: text.replace("5]", "8]"))
    (finding,) = run_plan(SPEC, plan(), sender, image_url=IMAGE_URL).findings
    assert (finding.rule, finding.new) == ("wan2.5/n.max", 5)


def test_no_change_is_named_without_one_and_without_answers() -> None:
    class Unsteady(EmulatorSender):
        def send(self, probe: Probe) -> ProbeAnswer:
            answer = super().send(probe)
            return answer if len(self.sent) % 3 else ProbeAnswer(probe.id, None, 503, problem="it failed")

    result = run_plan(SPEC, plan(), Unsteady(SPEC), image_url=IMAGE_URL)
    assert not result.findings
    assert len(result.exchanges) == plan().count and len(result.unanswered) == plan().count // 3


def test_a_model_that_is_gone_is_named_once() -> None:
    changed = mutate_spec(SPEC, "wire/model=tighter")
    (gone,) = {*SPEC.models} - {*changed.models}
    sender = EmulatorSender(changed)
    (finding,) = run_plan(SPEC, plan((gone,), ("wan2.7/n.*",)), sender, image_url=IMAGE_URL).findings
    assert (finding.change, finding.models) == ("gone", (gone,))


def test_a_change_of_one_model_of_a_file_is_named_for_it_alone() -> None:
    one, other = SPEC.family("wan2.7-image").models

    class Divided(EmulatorSender):
        def __init__(self) -> None:
            super().__init__(mutate_spec(SPEC, "wan2.7/n.max=wider"))
            self._other = EmulatorSender(SPEC)

        def send(self, probe: Probe) -> ProbeAnswer:
            return super().send(probe) if probe.model == one else self._other.send(probe)

    rules = ("wan2.7/n.max",)
    (finding,) = run_plan(SPEC, plan((one, other), rules), Divided(), image_url=IMAGE_URL).findings
    assert (finding.rule, finding.models, finding.new) == ("wan2.7/n.max", (one,), 5)


def test_a_search_takes_about_twice_the_logarithm_of_the_distance() -> None:
    changed = replace(SPEC.rules["wan2.5/n.max"], limit=13)
    service = replace_rule(SPEC, SPEC.rules["wan2.5/n.max"], changed)
    result = run_plan(SPEC, plan(), AlteredSender(service, lambda message: "no"), image_url=IMAGE_URL)
    assert [(finding.rule, finding.new) for finding in result.findings] == [("wan2.5/n.max", 13)]
    assert 0 < result.searched <= 2 * math.ceil(math.log2(13 - 4))
    assert len(result.exchanges) <= plan().count + 2 + result.searched


def test_a_hidden_edge_is_repeated_within_the_bound_or_reported() -> None:
    changes = ("wan2.5/n.min=tighter", "wan2.5/size.max_pixels=wider")  # every request with n = 1 is refused
    changed = SPEC
    for mutant in changes:
        changed = mutate_spec(changed, mutant)
    result = run_plan(SPEC, plan(), EmulatorSender(changed), image_url=IMAGE_URL)
    assert len(result.exchanges) <= plan().count + 2 * len(result.findings) + result.searched
    untested = {edge.rule.id for edge in result.hidden}
    named = {finding.rule for finding in result.findings}
    assert "wan2.5/n.min" in named and untested
    assert "wan2.5/size.max_pixels" in named | untested


@pytest.mark.parametrize("mutant", ["wanx2.1/images.each.max_side=tighter", "wanx2.1/mask.max_side=tighter"])
def test_rules_that_one_message_fits_are_distinguished_by_a_request(mutant: str) -> None:
    rules = ("wanx2.1/images.*side", "wanx2.1/mask.*side", "wanx2.1/*ratio")
    asked = plan(("wanx2.1-imageedit",), rules)
    result = run_trial(mutant, SPEC, mutate_spec(SPEC, mutant), asked, mutant.partition("=")[0])
    assert result.named and result.requests <= result.allowed
    assert result.result.searched == 1


def test_a_change_that_leaves_no_request_in_one_mode_does_not_end_the_probes_of_the_model() -> None:
    changes = ("wan2.6/stream.one_of:interleave_sync=tighter", "wan2.6/size.min_pixels=tighter")
    rules = tuple(name.partition("=")[0] for name in changes)
    changed = mutate_spec(mutate_spec(SPEC, changes[0]), changes[1])
    asked = plan(("wan2.6-image",), ("wire/endpoints", "wan2.6/images.m*", *rules))
    assert run_trial("both", SPEC, changed, asked, *rules).named


def test_a_value_that_is_cut_is_probed_and_its_refusal_is_named() -> None:
    mutant = "wan2.5/prompt.max_chars=outcome"
    rule = mutant.partition("=")[0]
    (finding,) = run_trial(
        mutant, SPEC, mutate_spec(SPEC, mutant), plan((MODEL,), (rule,)), rule
    ).result.findings
    assert (finding.rule, finding.change, finding.old) == (rule, "refused", "truncated")


def test_a_number_that_is_too_long_for_a_limit_is_not_read() -> None:
    sender = AlteredSender(mutate_spec(SPEC, "wan2.5/n.max=wider"), lambda _: f"n: at most {'9' * 5000}")
    (finding,) = run_plan(SPEC, plan(rules=("wan2.5/n.max",)), sender).findings
    assert finding.rule == "wan2.5/n.max"
    bounds = [rule for rule in SPEC.rules.values() if isinstance(rule.limit, float)]
    assert bounds and not any(stated_limits(rule, "at most 1e999") for rule in bounds)
