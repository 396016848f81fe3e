"""The nightly form asks at most 12 refused requests and one accepted one, about what changed in the past."""

from collections import Counter

from wan_conformance.live.planning.plan import make_plan
from wan_conformance.live.planning.sentinel import MAX_REFUSED, past_changes, sentinel_plan

from wanlib.spec import load


def test_the_rules_that_changed_most_often_are_asked_first() -> None:
    plan = make_plan(load(), ("wan2.5-i2i-preview",))
    rules = [edge.rule.id for edge in plan.refused]
    often = rules[-1]
    nightly = sentinel_plan(plan, Counter({often: 2, rules[-5]: 1}))
    assert [edge.rule.id for edge in nightly.refused[:2]] == [often, rules[-5]]
    assert len(nightly.refused) == len({edge.rule.id for edge in nightly.refused}) == MAX_REFUSED
    assert len(nightly.packs) == 1
    assert nightly == sentinel_plan(plan, Counter({often: 2, rules[-5]: 1}))


def test_the_past_is_that_of_the_dated_revisions() -> None:
    changes = past_changes()
    assert {"wan2.5/images.each.min_ratio", "wan2.7/prompt.required", "wan2.7/n.max"} <= changes.keys()
    assert not changes.get("wan2.5/seed.max")
