"""The sentences of a diff, for readers who do not know the rule ids."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wanlib.base.text import format_limit, join_names
from wanlib.base.values import limit_to_json
from wanlib.diff.change import Relation
from wanlib.diff.side import ModelView
from wanlib.spec.model.hints import describe, describe_others
from wanlib.spec.model.model import DERIVED, FOR_TESTING, OTHERWISE, RECOMMENDED, Rule
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

_LONGEST_VALUE = 160
"""Maximum number of characters of a value in a sentence; all reports have the location of the value."""

PHRASES: Mapping[str, tuple[str, str]] = {
    "max": ("be", "at most {}"),
    "min": ("be", "at least {}"),
    "step": ("be", "a multiple of {}"),
    "one_of": ("be", "{}"),
    "endpoints": ("be", "{}"),
    "keywords": ("be", "{}"),
    "none_of": ("be", "anything but {}"),
    "requires": ("be", "sent only together with {}"),
    "excludes": ("be", "sent only without {}"),
    "needs": ("be", "sent only with {}"),
    "effective": ("be", "used only with {}"),
    "pattern": ("match", "{}"),
    "count": ("have", "exactly {} items"),
    "min_count": ("have", "at least {} items"),
    "max_count": ("have", "at most {} items"),
    "max_chars": ("have", "at most {} characters"),
    "decimals": ("have", "exactly {} decimals"),
    "schemes": ("be", "a URL of the scheme {}"),
    "formats": ("be", "a file of the format {}"),
    "min_side": ("have", "at least {} pixels on each side"),
    "max_side": ("have", "at most {} pixels on each side"),
    "min_pixels": ("have", "at least {} pixels"),
    "max_pixels": ("have", "at most {} pixels"),
    "min_ratio": ("have", "a ratio of at least {}"),
    "max_ratio": ("have", "a ratio of at most {}"),
    "max_bytes": ("have", "at most {}"),
    "same_count_as": ("have", "as many items as {}"),
    "same_pixels_as": ("have", "the width and height of {}"),
    "total": ("have", "the sum {}"),
    "type": ("be", "of the type {}"),
    "required": ("be", "present"),
    "not_blank": ("be", "more than white space"),
    "place": ("be", "in {}"),
    "model": ("be", "listed"),
    "unknown": ("be", "documented"),
    "only_for": ("be", "documented for the model"),
    "only_in": ("be", "made only with {}"),
    "parts": ("have", "only documented parts"),
    "chars": ("have", "only {} characters"),
    "public": ("have", "a public address"),
    "unexpired": ("have", "a signature that has not expired"),
    "encoding": ("have", "the encoding {}"),
    "mime": ("have", "the media type of its format"),
    "ordered": ("have", "its corners in the order {}"),
    "inside": ("be", "inside its item of {}"),
}
"""The verb and the requirement of each kind of rule; `{}` is the limit."""

_OUTPUT: Mapping[str, str] = {
    "output.format": "The format of the pictures",
    "output.result": "The form of the result",
    "output.images_of_a_set": "The place of the pictures in the response",
    "output.size": "The size of the pictures",
    "output.multiple_of": "The number of which each side is a multiple",
    "output.seed_step": "The step of the seed from picture to picture",
    "output.count_of": "The parameter that sets the number of pictures",
    "output.count_is": "The meaning of the number of pictures",
    "output.tokens": "The number of tokens in the response",
}
"""The subject of each fact on the result of a call."""


class _Requirement(NamedTuple):
    """The requirement of a rule, as text.

    Attributes:
        verb: `be`, `have` or `match`.
        phrase: The text after the verb.
        limit: The limit alone; empty if the kind has none.
        when: The mode in which it applies, such as ` with enable_interleave off`; empty for a rule that
            applies in all modes without a variant.
        otherwise: Those modes, in the same form, if the rule has variants.
        outcome: The outcome of a request that violates it.
    """

    verb: str
    phrase: str
    limit: str
    when: str
    otherwise: str
    outcome: str

    def __str__(self) -> str:
        """Return the verb and the text after it."""
        return f"{self.verb} {self.phrase}{self.when}"

    def beside(self, other: "_Requirement") -> str:
        """Return the limit, with the mode if the other requirement has a different one."""
        when = "" if self.when == other.when else self.when or self.otherwise
        return f"{self.limit or self.phrase}{when}"


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
            outcomes: The outcomes of a body on both sides if only they differ; else None.
        """
        before, after = (_requirement(*side) for side in (old, new))
        rule = new[1] or old[1]
        assert rule is not None
        subject = self._subject(_rule_subject(rule), models)
        if outcomes is not None:
            return f"{subject}: {_outcomes(*outcomes, self)}."
        return f"{subject} {self._change(before, after, relation)}. {self._effect(relation)}"

    def _change(self, before: _Requirement | None, after: _Requirement | None, relation: Relation) -> str:
        if before and after and str(before) != str(after):
            is_freer = relation is Relation.WIDER and "at least" not in after.phrase
            verb = "may" if is_freer else "must"
            text = str(after).replace("at most", "up to", 1) if is_freer else str(after)
            if self.is_revision:
                return f"{verb} now {text} (was {before.beside(after)})"
            of = "" if after.when else f" for {self.new}"  # the text names the mode instead
            return f"{verb} {text}{of} ({self.old}: {before.beside(after)})"
        if before and after and before.outcome != after.outcome:
            now, was = ("now ", "was ") if self.is_revision else ("", f"{self.old}: ")
            of = "" if self.is_revision else f" for {self.new}"
            return f"must {after}: a violation is {now}{after.outcome}{of} ({was}{before.outcome})"
        if before and after:
            return f"must {after} in other requests than before" if self.is_revision else f"must {after}"
        if after:
            is_new = " now" if self.is_revision else ""
            other = "a new rule" if self.is_revision else f"{self.old} has no such rule"
            of = "" if self.is_revision or after.when else f" for {self.new}"
            return f"must{is_new} {after}{of} ({other})"
        assert before is not None
        if self.is_revision:
            return f"no longer has to {before}{before.otherwise}"
        return f"does not have to {before}{before.otherwise} for {self.new}"

    def _effect(self, relation: Relation) -> str:
        if self.is_revision:
            return _EFFECTS[relation]
        return _EFFECTS_OF_MODELS[relation].format(old=self.old, new=self.new)

    def _subject(self, what: str, models: Sequence[str]) -> str:
        return f"{what} of {join_names(models, 'and')}" if models and self.is_revision else what

    def parameter(self, name: str, models: Sequence[str], relation: Relation) -> str:
        """Return the sentence on a parameter that only one side has."""
        if not self.is_revision:
            has, lacks = (self.new, self.old) if relation is Relation.ADDED else (self.old, self.new)
            return f"{has} has the parameter {name}; {lacks} does not."
        if relation is Relation.ADDED:
            verb = "has" if len(models) == 1 else "have"
            news = f"{join_names(models, 'and')} {verb} the new parameter {name}."
            return f"{news} {_EFFECTS[Relation.WIDER]}"
        return f"{name} is no longer a documented parameter of {join_names(models, 'and')}."

    def form(self, old: str, new: str, models: Sequence[str]) -> str:
        """Return the sentence on a body form that differs."""
        subject = self._subject("The body", models)
        if not self.is_revision:
            return f"{subject} has the form {new} for {self.new} ({self.old}: {old})."
        was = f"the form {new} (was {old})" if old != new else f"another arrangement of the form {new}"
        return f"{subject} has {was}. Bodies that worked before are refused."

    def model(self, model: str, relation: Relation) -> str:
        """Return the sentence on a model that only one side has."""
        if relation is Relation.ADDED:
            return f"{model} is a new model."
        return f"{model} is no longer listed. Requests for it are refused."

    def fact(self, fact_id: str, models: Sequence[str], old: Any, new: Any, relation: Relation) -> str:
        """Return the sentence on a fact."""
        _, _, path = fact_id.partition("/")
        if path.startswith("regions."):
            return self._region(fact_id, models, old, new, relation)
        subject = self._subject(_fact_subject(fact_id), models)
        for_new = "" if self.is_revision else f" for {self.new}"
        before = "not stated" if relation is Relation.ADDED else _value(old)
        was = f"was {before}" if self.is_revision else f"{self.old}: {before}"
        if relation is Relation.REMOVED:
            return f"{subject} is not stated{' any more' if self.is_revision else for_new} ({was})."
        return f"{subject} is {'now ' if self.is_revision else ''}{_value(new)}{for_new} ({was})."

    def _region(self, fact_id: str, models: Sequence[str], old: Any, new: Any, relation: Relation) -> str:
        """Return the sentence on a region, or on the calls that a model offers in it."""
        file, _, path = fact_id.partition("/")
        region = path.rpartition(".")[2]
        if file == "wire":
            return {
                Relation.ADDED: f"{region} is a new region: {_value(new)}.",
                Relation.REMOVED: f"The region {region} is no longer listed (was {_value(old)}).",
            }.get(relation, f"The region {region} is now {_value(new)} (was {_value(old)}).")
        name = join_names(models, "and")
        calls, were = (join_names(side or (), "or") for side in (new, old))
        if self.is_revision:
            return {
                Relation.ADDED: f"{name} is now offered in {region}, for {calls} calls.",
                Relation.REMOVED: f"{name} is no longer offered in {region}.",
            }.get(relation, f"{name} now offers {calls} calls in {region} (was {were}).")
        return {
            Relation.ADDED: f"{self.new} is offered in {region}; {self.old} is not.",
            Relation.REMOVED: f"{self.new} is not offered in {region}; {self.old} is.",
        }.get(relation, f"{self.new} offers {calls} calls in {region} ({self.old}: {were}).")

    def rewritten_fact(self, fact_id: str) -> str:
        """Return the sentence on a value by mode that is only written differently."""
        return f"{_fact_subject(fact_id)} is written in another way. It is the same in every request."

    def rewritten(self, rule: Rule, relation: Relation) -> str:
        """Return the sentence on a rule that is only written differently."""
        how = {Relation.ADDED: "is new", Relation.REMOVED: "is gone"}.get(
            relation, "is written in another way"
        )
        return f"The rule {rule.id} {how}. Every request is judged as before."


def _outcomes(old: frozenset[str], new: frozenset[str], wording: Wording) -> str:
    """Return the effect on a request for which only the outcome differs."""
    before, after = (
        join_names(sorted(outcomes), "and") if outcomes else "accepted" for outcomes in (old, new)
    )
    if wording.is_revision:
        return f"some requests are now {after} (were {before})"
    return f"some requests are {after} for {wording.new} ({wording.old}: {before})"


def _rule_subject(rule: Rule) -> str:
    if rule.kind == "endpoints":
        return "The call"
    file, _, path = rule.id.partition("/")
    path = rule.field or path.rpartition(".")[0]
    if file == "wire" and not rule.field:  # its first part is the name of the body form
        path = path.partition(".")[2] or "The body"
    if path.startswith("calls."):
        return f"{path.removeprefix('calls.')} calls"
    outer, _, last = path.rpartition(".")
    if not outer:
        return path or rule.id
    text = _path_text(outer)
    return f"Each item of {text}" if last == "each" else f"{last} in {text}"


def _path_text(path: str) -> str:
    """Return the path of a field as text: `each item of images`."""
    outer, _, last = path.rpartition(".")
    if not outer:
        return path
    return f"each item of {_path_text(outer)}" if last == "each" else f"{last} in {_path_text(outer)}"


def _requirement(view: ModelView, rule: Rule | None) -> _Requirement | None:
    """Return the requirement of a rule; None without a rule."""
    if rule is None:
        return None
    verb, phrase = PHRASES[rule.kind]
    if isinstance(rule.limit, Condition):
        limit = describe(view.family, rule.limit)
    else:
        limit = format_limit(view.limit_of(rule), rule.kind)
    if rule.kind == "keywords":
        limit = join_names(("width*height", *rule.limit), "or")
    elif rule.kind in ("one_of", "none_of", "schemes", "formats", "endpoints"):
        limit = join_names(limit.split(), "or")
    text = phrase.format(limit).strip()
    if limit == "1":
        text = text.removesuffix("s")
    when = f" with {describe(view.family, rule.condition)}" if rule.condition else ""
    return _Requirement(
        verb, text, limit if "{}" in phrase else "", when, _otherwise(view, rule), rule.outcome
    )


def _otherwise(view: ModelView, rule: Rule) -> str:
    """Return the modes in which no variant of a rule applies; empty for a variant or without variants."""
    conditions = [
        other.condition
        for other in view.rules.values()
        if (other.field, other.kind) == (rule.field, rule.kind) and other.condition
    ]
    if rule.condition or not conditions or not rule.field:
        return ""
    return f" with {describe_others(view.family, conditions)}"


def _fact_subject(fact_id: str) -> str:
    """Return a fact as text, such as `The default of n` or `The price of a picture in beijing`."""
    file, _, path = fact_id.partition("/")
    path, _, mode = path.partition(":")
    when = f" ({mode.replace('-', ' ')})" if mode else ""
    field, _, word = path.rpartition(".")
    table, *names = path.split(".")
    if word in _ADVICE and field:
        return f"{_ADVICE[word]} {field}{when}"
    subjects = {
        "output": _OUTPUT.get(path, ""),
        "prices": f"The price of a picture in {word}",
        "rates": f"The rate limit {word}",
        "endpoints": f"The endpoint of {word} calls",
        "verbs": f"What the client adds to the calls of {word}",
        "only_for": f"The family that the hint on {word} names",
    }
    return (names and subjects.get(table)) or f"{file}/{path}{when}"


_ADVICE: Mapping[str, str] = {
    "default": "The default of",
    FOR_TESTING: "The value for tests of",
    RECOMMENDED: "The recommendation for",
}
"""The beginning of the subject of each fact on a field, by the last word of its id."""


def _value(value: Any) -> str:
    text = "derived from the request" if value == DERIVED else _words(limit_to_json(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _words(value: Any) -> str:
    """Return a JSON value as text; a table by mode as `5 with interleave; else 1`."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and OTHERWISE in value:
        parts = [f"{_words(item)} with {mode}" for mode, item in value.items() if mode != OTHERWISE]
        return "; ".join((*parts, f"{'else ' if parts else ''}{_words(value[OTHERWISE])}"))
    if isinstance(value, dict):
        items = (f"{name} {_in_parentheses(item)}" for name, item in value.items())
        return ", ".join(items) or "nothing"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return join_names(value, "and") if value else "nothing"
    return json.dumps(value, ensure_ascii=False)


def _in_parentheses(value: Any) -> str:
    return f"({_words(value)})" if isinstance(value, dict) else _words(value)
