"""The expected diff for a mutant of the packaged spec, and for an equivalent way to write it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.diff.rewriting import Rewrite, write_spec
from tests.diff.small_scope import MODEL, Scope, explore, random_pair
from wanlib.base.violation import REFUSED
from wanlib.diff.change import ChangeClass, DiffChange, Relation
from wanlib.diff.comparison import compare
from wanlib.diff.side import ModelView, Side
from wanlib.spec import Spec, load
from wanlib.spec.mutations import list_mutations

_BY_WAY = {"wider": {"wider"}, "tighter": {"narrower"}, "dropped": {"wider"}}
"""The relations that a mutation of a rule on accepted requests can have."""
_BOTH = {"wider", "narrower", "incomparable"}
_NAMES = ("model", "only_for")
"""Kinds whose mutants add or remove a model or a parameter, which a diff reports as such."""


def mutants(spec: Spec) -> list[tuple[str, str]]:
    """Return the rule and the way of every mutant; none has an empty list of values, which no file states."""
    return [
        (rule.id, way)
        for rule in spec.rules.values()
        if rule.scope == "body"
        for way, make in list_mutations(spec, rule.id).items()
        if way != "tighter" or rule.id not in (rules := make().rules) or rules[rule.id].limit != ()
    ]


def mutant_problem(spec: Spec, rule_id: str, way: str) -> str:
    """Return how the diff of a mutant differs from the injected fault; empty if it does not."""
    rule, mutant = spec.rules[rule_id], list_mutations(spec, rule_id)[way]()
    changes = real_changes(Side("packaged", spec), Side("mutant", mutant))
    name = f"{rule_id}={way}: {[(change.id, str(change.relation)) for change in changes]}"
    if rule.kind == "only_for" and way == "dropped":
        return name if changes else ""  # the rule on unknown names has the same outcome
    if rule.kind in _NAMES:
        is_right = len(changes) == 1 and changes[0].relation in (
            Relation.ADDED,
            Relation.REMOVED,
            Relation.CHANGED,
        )
        return "" if is_right else name
    if way == "outcome":
        other = mutant.rules[rule_id].outcome
        expected = _relations_of_outcomes(rule.outcome, other)
    elif rule.outcome in REFUSED:
        expected = _BY_WAY.get(way, _BOTH)
        if rule.kind == "mime" or (way == "dropped" and rule.condition):
            expected = _BOTH  # the table also says which file is which; without a variant its base applies
    else:
        expected = {"changed"}
    found = {str(change.relation) for change in changes}
    slots = [change.id.partition(":")[0] for change in changes]
    return "" if slots == [rule_id.partition(":")[0]] and found <= expected else name


def _relations_of_outcomes(old: str, new: str) -> set[str]:
    refused = [outcome in REFUSED for outcome in (old, new)]
    return {"changed"} if refused[0] == refused[1] else {"wider"} if refused[0] else {"narrower"}


def rewrite_problem(spec: Spec, rewrite: Rewrite) -> str:
    """Return the changes that a diff reports although the spec is only written in another way."""
    with TemporaryDirectory() as folder:
        write_spec(rewrite.documents, Path(folder))
        changes = real_changes(Side("packaged", spec), Side("rewritten", load(Path(folder))))
    return f"{rewrite.name}: {[change.id for change in changes]}" if changes else ""


def random_pair_problem(seed: int, folder: Path) -> str:
    """Return how the relation of two small specs differs from what every body of the scope shows."""
    old, new = random_pair(seed, folder)
    witnesses = [
        witness
        for change in compare(old, new).changes
        if MODEL in change.models
        for witness in change.witnesses
    ]
    accepted_by = {witness.accepted_by for witness in witnesses}
    reported, tried = Scope("old" in accepted_by, "new" in accepted_by), explore(old, new)
    return "" if reported == tried else f"seed {seed}: reported {reported}, found {tried}"


def real_changes(old: Side, new: Side) -> list[DiffChange]:
    """Return the changes that are more than editorial, after judging their witnesses again."""
    changes = [
        change for change in compare(old, new).changes if change.change_class is not ChangeClass.EDITORIAL
    ]
    for change in changes:
        for witness in change.witnesses:
            if change.relation in (Relation.ADDED, Relation.REMOVED):
                continue
            model = witness.body["model"]
            is_refused = [
                bool(ModelView(side.spec, model).judge(witness.body, witness.call).refused)
                for side in (old, new)
            ]
            assert is_refused == [witness.accepted_by == "new", witness.accepted_by == "old"], change.id
    return changes
