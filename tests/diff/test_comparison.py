"""The report of a diff: samples of mutants, rewrites and random pairs (all: `make diff`), models, facts."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.diff.expectations import (
    mutant_problem,
    mutants,
    random_pair_problem,
    real_changes,
    rewrite_problem,
)
from tests.diff.rewriting import rewrites
from wanlib import check
from wanlib.diff.change import ChangeClass, Relation
from wanlib.diff.comparison import compare
from wanlib.diff.sentences import PHRASES
from wanlib.diff.side import Side
from wanlib.spec import Spec, load
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.mutations import mutate_spec
from wanlib.spec.revisions import load_revision


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load()


def test_mutants(spec: Spec) -> None:
    injected = mutants(spec)
    assert len(injected) > 600
    problems = [mutant_problem(spec, rule, way) for rule, way in injected[3::37]]
    assert not any(problems), problems


def test_other_spellings_of_the_same_are_not_changes(spec: Spec) -> None:
    written = list(rewrites())
    assert len(written) > 200
    problems = [rewrite_problem(spec, rewrite) for rewrite in written[5::41]]
    assert not any(problems), problems


def test_the_relation_is_that_of_every_body_of_a_small_scope(tmp_path: Path) -> None:
    problems = [random_pair_problem(seed, tmp_path) for seed in range(1000, 1005)]
    assert not any(problems), problems


def test_a_spec_does_not_differ_from_itself(spec: Spec) -> None:
    assert not compare(Side("one", spec), Side("other", spec)).changes


def test_two_models_are_compared_by_their_generated_validators_too(spec: Spec) -> None:
    """The interpreter finds the witnesses; the generated validators judge them again."""
    for old, new in (("wan2.7-image", "wan2.7-image-pro"), ("wan2.5-i2i-preview", "wan2.6-image")):
        changes = compare(Side(old, spec, old), Side(new, spec, new)).changes
        assert not any(
            change.text.endswith(" ") or not change.models for change in changes if change.witnesses
        )
        for change in changes:
            for witness in change.witnesses:
                assert check(witness.body, call=witness.call).ok, change.id
                assert witness.body["model"] == (old if witness.accepted_by == "old" else new)


def test_every_pair_of_models_is_classified(spec: Spec) -> None:
    for old, new in list(permutations(spec.models, 2))[::7]:
        diff = compare(Side(old, spec, old), Side(new, spec, new))
        assert diff.changes
        for change in diff.changes:
            is_about_requests = change.relation in (Relation.WIDER, Relation.NARROWER, Relation.INCOMPARABLE)
            assert bool(change.witnesses) == is_about_requests, change.id


def test_opposite_directions(spec: Spec) -> None:
    old, new = Side("old", spec), Side("new", mutate_spec(spec, "wan2.7/n.max=wider"))
    (wider,), (narrower,) = real_changes(old, new), real_changes(new, old)
    assert (wider.relation, wider.change_class) == (Relation.WIDER, ChangeClass.ADDITIVE)
    assert (narrower.relation, narrower.change_class) == (Relation.NARROWER, ChangeClass.BREAKING)
    assert wider.witnesses[0].body == narrower.witnesses[0].body
    assert wider.fingerprint != narrower.fingerprint


def test_a_witness_has_nothing_that_it_does_not_need(spec: Spec) -> None:
    (change,) = real_changes(Side("old", spec), Side("new", mutate_spec(spec, "wan2.7/n.max=wider")))
    (witness,) = change.witnesses
    most = spec.rules["wan2.7/n.max"].limit
    assert witness.body["parameters"] == {"n": most + 1}
    assert witness.body["input"] == {"messages": [{"role": "user", "content": [{"text": "a"}]}]}


def test_models_that_one_side_lacks(spec: Spec) -> None:
    smaller = mutate_spec(spec, "wire/model=tighter")
    (gone,) = set(spec.models) - set(smaller.models)
    removed = next(c for c in compare(Side("old", spec), Side("new", smaller)).changes if c.id == gone)
    added = next(c for c in compare(Side("old", smaller), Side("new", spec)).changes if c.id == gone)
    assert (removed.relation, removed.change_class) == (Relation.REMOVED, ChangeClass.BREAKING)
    assert (added.relation, added.change_class) == (Relation.ADDED, ChangeClass.ADDITIVE)


def test_a_price_is_a_change_of_behaviour(spec: Spec) -> None:
    model = spec.models[0]
    region = spec.wire["default_region"]
    prices = {**spec.wire["prices"], model: {**spec.wire["prices"][model], region: "9.99"}}
    dearer = replace(spec, wire=MappingProxyType({**spec.wire, "prices": prices}))
    (change,) = real_changes(Side("old", spec), Side("new", dearer))
    assert (change.change_class, change.models) == (ChangeClass.BEHAVIOUR, (model,))
    assert change.id.endswith(f"/prices.{model}.{region}")
    assert "9.99" in change.text


def test_a_default_is_a_change_of_behaviour(spec: Spec) -> None:
    family = spec.families[0]
    name = next(field.name for field in family.fields if field.default and field.type == "integer")
    fields = tuple(
        replace(field, default=dict.fromkeys(field.default, 1)) if field.name == name else field
        for field in family.fields
    )
    facts = {
        key: replace(fact, value=1) if key.startswith(f"{family.name}/{name}.default") else fact
        for key, fact in spec.facts.items()
    }
    other = replace(
        spec, families=(replace(family, fields=fields), *spec.families[1:]), facts=MappingProxyType(facts)
    )
    changes = real_changes(Side("old", spec), Side("new", other))
    assert {change.change_class for change in changes} == {ChangeClass.BEHAVIOUR}
    assert {change.id.partition(":")[0] for change in changes} == {f"{family.name}/{name}.default"}


def test_a_fingerprint_does_not_depend_on_words_or_limits(spec: Spec) -> None:
    old = Side("old", spec)
    (one,) = real_changes(old, Side("new", mutate_spec(spec, "wan2.7/n.max=wider")))
    other = replace(one, text="other words", new=99, old_location=None, witnesses=())
    assert one.fingerprint == other.fingerprint
    assert len(one.fingerprint) == 12


def _with_wire(spec: Spec, **members: object) -> Side:
    return Side("new", replace(spec, wire=MappingProxyType({**spec.wire, **members})))


def test_changes_of_the_calls_of_a_region(spec: Spec) -> None:
    """A region that is gone, or offers a call less, breaks calls; a new one or one more call breaks none."""
    old, regions = Side("old", spec), spec.wire["regions"]
    model = spec.models[0]
    region = spec.wire["default_region"]
    fewer = {**regions[region], "calls": {**regions[region]["calls"], model: spec.calls(model)[:1]}}
    without = {name: row for name, row in regions.items() if "calls" in row}
    for changed in ({**regions, region: fewer}, without):
        new = _with_wire(spec, regions=changed)
        forth, back = real_changes(old, new), real_changes(new, old)
        assert {change.change_class for change in forth} == {ChangeClass.BREAKING}, changed
        assert {change.change_class for change in back} == {ChangeClass.ADDITIVE}, changed


def test_another_path_breaks(spec: Spec) -> None:
    model = spec.models[0]
    paths = {**spec.wire["endpoints"][model], "sync": "POST /elsewhere"}
    new = _with_wire(spec, endpoints={**spec.wire["endpoints"], model: paths})
    (change,) = real_changes(Side("old", spec), new)
    assert (change.change_class, change.models) == (ChangeClass.BREAKING, (model,))


def test_a_lost_kind_of_call_is_one_change() -> None:
    """The rule on calls says it; the endpoint and the offers of the regions are not repeated."""
    ids = {
        change.id
        for change in real_changes(Side("1", load_revision("2025-12")), Side("2", load_revision("2026-04")))
    }
    assert "wire/endpoints" in ids
    assert not any("regions.wan" in name or "/endpoints." in name for name in ids)


def test_a_sentence_names_the_limit_of_the_mode_that_changed(spec: Spec) -> None:
    """Without its base the limit of another mode still applies: it is not the new one."""
    old = Side("old", spec)
    most = spec.rules["wan2.7/n.max"].limit
    (dropped,) = real_changes(old, Side("new", mutate_spec(spec, "wan2.7/n.max=dropped")))
    assert (dropped.old, dropped.new) == (most, None)
    assert f"n of wan2.7-image and wan2.7-image-pro no longer has to be at most {most} with" in dropped.text
    (wider,) = real_changes(old, Side("new", mutate_spec(spec, "wan2.7/n.max=wider")))
    assert wider.text.endswith(
        f" may now be up to {most + 1} (was {most}). Nothing that worked before breaks."
    )
    (outcome,) = real_changes(old, Side("new", mutate_spec(spec, "wan2.7/n.max=outcome")))
    assert "a violation is now unspecified (was rejected)" in outcome.text


def test_a_text_that_was_cut_and_is_rejected_breaks(spec: Spec) -> None:
    old, new = Side("old", spec), Side("new", mutate_spec(spec, "wan2.7/prompt.max_chars=outcome"))
    assert [change.change_class for change in real_changes(old, new)] == [ChangeClass.BREAKING]
    assert [change.change_class for change in real_changes(new, old)] == [ChangeClass.BEHAVIOUR]


def test_each_kind_of_rule_has_words() -> None:
    assert set(PHRASES) == set(KINDS)
