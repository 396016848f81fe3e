"""The sentences of a diff, for readers who do not know the rule ids."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wanlib.base.text import format_limit, join_names
from wanlib.base.values import limit_to_json
from wanlib.diff.change import Relation
from wanlib.diff.side import ModelView
from wanlib.spec.model.hints import describe
from wanlib.spec.model.model import DERIVED, Rule
from wanlib.spec.model.modes import Condition

_EFFECTS = {
    Relation.WIDER: "Nothing that worked before breaks.",
    Relation.NARROWER: "Some requests that worked before are refused.",
    Relation.INCOMPARABLE: "Some requests that worked before are refused, and some that were refused work.",
}
_EFFECTS_OF_MODELS = {
    Relation.WIDER: "{new} accepts all that {old} accepts here.",
    Relation.NARROWER: "Some requests that {old} accepts are refused by {new}.",
    Relation.INCOMPARABLE: "Each of {old} and {new} accepts some requests that the other refuses.",
}

_PHRASES: Mapping[str, str] = {
    "max": "at most {}",
    "min": "at least {}",
    "step": "a multiple of {}",
    "one_of": "one of {}",
    "endpoints": "{}",
    "keywords": "width*height or one of {}",
    "none_of": "none of {}",
    "requires": "sent only together with {}",
    "excludes": "never sent together with {}",
    "pattern": "text that matches {}",
    "count": "a list of exactly {}",
    "min_count": "a list of at least {}",
    "max_count": "a list of at most {}",
    "max_chars": "text of at most {} characters",
    "decimals": "a percentage with at most {} decimals",
    "schemes": "a URL of the scheme {}",
    "formats": "a file of the format {}",
    "min_side": "at least {} pixels on each side",
    "max_side": "at most {} pixels on each side",
    "min_pixels": "of at least {} pixels",
    "max_pixels": "of at most {} pixels",
    "min_ratio": "of a ratio of at least {}",
    "max_ratio": "of a ratio of at most {}",
    "max_bytes": "a file of at most {}",
    "same_count_as": "as long as {}",
    "same_pixels_as": "of the same width and height as {}",
    "total": "a list with the sum {}",
    "type": "of the type {}",
    "required": "present",
    "not_blank": "not blank",
    "place": "in {}",
}
"""What a kind of rule asks for; `{}` is the limit. Other kinds are named by themselves."""


class Wording(NamedTuple):
    """Makes the sentences of one comparison.

    Attributes:
        old: The label of the old side.
        new: The label of the new side.
        is_revision: Whether the sides are two states of the same thing, not two models.
    """

    old: str
    new: str
    is_revision: bool

    def rule(
        self,
        old: tuple[ModelView, Rule | None],
        new: tuple[ModelView, Rule | None],
        models: Sequence[str],
        relation: Relation,
        outcomes: tuple[frozenset[str], frozenset[str]] | None,
    ) -> str:
        """Return the sentences on a rule.

        Args:
            old: The model on the old side, and its rule; None if it has none.
            new: The same of the new side.
            models: The models that it concerns.
            relation: How the new side relates to the old one.
            outcomes: The outcomes of a body on both sides if they alone differ; else None.
        """
        before, after = (_phrase(*side) for side in (old, new))
        rule = new[1] or old[1]
        assert rule is not None
        subject = self._subject(_rule_subject(rule), "", models)
        if outcomes is not None:
            return f"{subject}: {_outcomes(*outcomes, self)}."
        return f"{subject} {self._requirement(before, after, relation)}. {self._effect(relation)}"

    def _requirement(self, before: str, after: str, relation: Relation) -> str:
        if before and after and before != after:
            verb = "may" if relation is Relation.WIDER else "must"
            if self.is_revision:
                return f"{verb} now be {after} (was: {before})"
            of = "" if " with " in after else f" for {self.new}"  # a mode is in force for it anyway
            return f"{verb} be {after}{of} ({self.old}: {before})"
        if before and after:
            return (
                f"must be {after} in other requests than before" if self.is_revision else f"must be {after}"
            )
        if after:
            return f"must be {after}" + (", which is new" if self.is_revision else f" for {self.new} alone")
        word = "no longer has to be" if self.is_revision else f"does not have to be, for {self.new},"
        return f"{word} {before}"

    def _effect(self, relation: Relation) -> str:
        if self.is_revision:
            return _EFFECTS[relation]
        return _EFFECTS_OF_MODELS[relation].format(old=self.old, new=self.new)

    def _subject(self, what: str, when: str, models: Sequence[str]) -> str:
        of = f" of {join_names(models, 'and')}" if models and self.is_revision else ""
        return f"{what}{of}{f' ({when})' if when else ''}"

    def parameter(self, name: str, models: Sequence[str], relation: Relation) -> str:
        """Return the sentence on a parameter that only one side has."""
        if not self.is_revision:
            has, lacks = (self.new, self.old) if relation is Relation.ADDED else (self.old, self.new)
            return f"{has} has the parameter {name}; {lacks} does not."
        if relation is Relation.ADDED:
            news = f"{join_names(models, 'and')} has the new parameter {name}."
            return f"{news} {_EFFECTS[Relation.WIDER]}"
        return f"{name} is not a documented parameter of {join_names(models, 'and')} any more."

    def form(self, old: str, new: str, models: Sequence[str]) -> str:
        """Return the sentence on a body form that is another one."""
        subject = self._subject("The body", "", models)
        if not self.is_revision:
            return f"{subject} has the form {new} for {self.new} ({self.old}: {old})."
        was = f"the form {new} (was: {old})" if old != new else f"another arrangement of the form {new}"
        return f"{subject} has {was}. Bodies that worked before are refused."

    def model(self, model: str, relation: Relation) -> str:
        """Return the sentence on a model that only one side has."""
        if relation is Relation.ADDED:
            return f"{model} is a new model."
        return f"{model} is not listed any more. Requests for it are refused."

    def fact(self, fact_id: str, models: Sequence[str], old: Any, new: Any, relation: Relation) -> str:
        """Return the sentence on a fact."""
        subject = _fact_subject(fact_id)
        of = f" of {join_names(models, 'and')}" if models and self.is_revision else ""
        if relation is Relation.ADDED:
            return (
                f"{subject}{of} is {_value(new)}; it was not stated."
                if self.is_revision
                else (f"{subject} is {_value(new)} for {self.new}; {self.old} states none.")
            )
        if relation is Relation.REMOVED:
            return (
                f"{subject}{of} is not stated any more; it was {_value(old)}."
                if self.is_revision
                else (f"{subject} is {_value(old)} for {self.old}; {self.new} states none.")
            )
        if self.is_revision:
            return f"{subject}{of} is {_value(new)} (was: {_value(old)})."
        return f"{subject} is {_value(new)} for {self.new} ({self.old}: {_value(old)})."

    def rewritten_fact(self, fact_id: str) -> str:
        """Return the sentence on a value by mode that is only written in another way."""
        return f"{_fact_subject(fact_id)} is written in another way. It is the same in every request."

    def rewritten(self, rule: Rule, relation: Relation) -> str:
        """Return the sentence on a rule that is only written in another way."""
        how = {Relation.ADDED: "is new", Relation.REMOVED: "is gone"}.get(
            relation, "is written in another way"
        )
        return f"The rule {rule.id} {how}. Every request is judged as before."


def _outcomes(old: frozenset[str], new: frozenset[str], wording: Wording) -> str:
    """Return what happens to a request whose outcome alone differs."""
    before, after = (
        join_names(sorted(outcomes), "and") if outcomes else "accepted" for outcomes in (old, new)
    )
    if wording.is_revision:
        return f"what breaks it is now {after} (was: {before})"
    return f"what breaks it is {after} for {wording.new} ({wording.old}: {before})"


def _rule_subject(rule: Rule) -> str:
    if rule.kind == "endpoints":
        return "The call"
    path = rule.field or rule.id.partition("/")[2].rpartition(".")[0]
    outer, _, last = path.rpartition(".")
    if last == "each":
        return f"Each item of {outer}"
    return f"{last} in {outer}" if outer else path or rule.id


def _phrase(view: ModelView, rule: Rule | None) -> str:
    if rule is None:
        return ""
    if isinstance(rule.limit, Condition):
        return f"sent only with {describe(view.family, rule.limit)}"
    limit = format_limit(view.limit_of(rule), rule.kind)
    if rule.kind in ("one_of", "keywords", "none_of", "schemes", "formats", "endpoints"):
        limit = join_names(limit.split(), "or")
    phrase = _PHRASES.get(rule.kind, f"{rule.kind} {{}}").format(limit).strip()
    return f"{phrase} with {describe(view.family, rule.condition)}" if rule.condition else phrase


def _fact_subject(fact_id: str) -> str:
    """Return a fact in words: `The default of n`, `The price of a picture of wan2.7-image`."""
    file, _, path = fact_id.partition("/")
    path, _, mode = path.partition(":")
    when = f" ({mode.replace('-', ' ')})" if mode else ""
    field, _, word = path.rpartition(".")
    if word == "default":
        return f"The default of {field}{when}"
    table, *names = path.split(".")
    if table == "prices":
        return f"The price of a picture in {names[-1]}"
    if table == "rates":
        return f"The limit {names[-1]}"
    if table == "regions" and file != "wire":
        return f"The offer in {names[-1]}"
    if table == "regions":
        return f"The region {names[-1]}"
    if table == "endpoints":
        return f"The endpoint of {names[-1]} calls"
    return f"{file}/{path}{when}"


def _value(value: Any) -> str:
    if value == DERIVED:
        return "derived from the request"
    plain = limit_to_json(value)
    if isinstance(plain, str):
        return plain
    if isinstance(plain, dict) and all(isinstance(item, str | int | float) for item in plain.values()):
        return ", ".join(f"{name} {item}" for name, item in plain.items()) or "nothing"
    if isinstance(plain, list) and all(isinstance(item, str) for item in plain):
        return join_names(plain, "and") or "nothing"
    return json.dumps(plain, ensure_ascii=False)
