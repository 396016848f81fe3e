"""Changes of facts (defaults, prices, output, the HTTP surface) and of rules that no body can violate."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from wanlib.diff.change import ChangeClass, DiffChange, Location, Relation
from wanlib.diff.sentences import Wording
from wanlib.diff.side import ModelView, Side
from wanlib.diff.tables import is_same_table, tables
from wanlib.spec.model.model import FOR_TESTING, RECOMMENDED, Family
from wanlib.spec.model.spec import Spec

_REMARKS = ("notes", "source")
"""Members of a value that describe it and are not compared."""
_OFFERS = ("calls", "endpoints", "prices", "rates", "regions")
"""Tables by model, which a model file or the file of the service can state."""
_ADVICE = (FOR_TESTING, RECOMMENDED, "only_for")
"""Words in the ids of facts that only recommend or explain something."""


class _Statement(NamedTuple):
    """A fact, or a rule that no body can violate, of one side."""

    id: str
    value: Any
    location: Location
    models: tuple[str, ...]


def fact_changes(
    old: Side, new: Side, views: Sequence[tuple[ModelView, ModelView]], wording: Wording
) -> list[DiffChange]:
    """Return the changes of all facts and rules that no request can violate.

    Args:
        old: The old side.
        new: The new side.
        views: The models that are compared, as the old and the new side see them.
        wording: Makes the sentences.
    """
    before, after = _shared_statements(old), _shared_statements(new)
    if old.model is not None and new.model is not None:  # a parameter of one side is a separate change
        before, after = _without_fields_missing(before, old, new), _without_fields_missing(after, new, old)
    differing = [
        name
        for name in dict.fromkeys((*after, *before))
        if _differs(before.get(name), after.get(name))
        and not _follows_from_calls(before.get(name), after.get(name), old.spec, new.spec)
        and not _is_about_a_missing_model((after.get(name) or before[name]).models, old, new)
    ]
    return [
        _change(before.get(name), after.get(name), views, wording)
        for name in differing
        if not any(other.startswith(f"{name}.") for other in differing)  # its entries are more specific
    ]


def _differs(old: _Statement | None, new: _Statement | None) -> bool:
    """Return whether a statement differs; an endpoint of only one side is reported by the rule on calls."""
    if old is not None and new is not None:
        return bool(old.value != new.value)
    return not any(statement and _table(statement.id) == "endpoints" for statement in (old, new))


def _follows_from_calls(
    old: _Statement | None, new: _Statement | None, old_spec: Spec, new_spec: Spec
) -> bool:
    """Return whether a region gains or loses the same calls as the model."""
    if old is None or new is None or not old.models or not new.models or _table(new.id) != "regions":
        return False
    all_old, all_new = set(old_spec.calls(old.models[0])), set(new_spec.calls(new.models[0]))
    before, after = set(old.value), set(new.value)
    return before - after <= all_old - all_new and after - before <= all_new - all_old


def _table(name: str) -> str:
    return name.partition("/")[2].partition(".")[0]


def _is_about_a_missing_model(models: tuple[str, ...], old: Side, new: Side) -> bool:
    """Return whether a statement is about models that one of two specs lacks, which is a separate change."""
    if old.model is not None:
        return False
    return bool(models) and not (set(models) & set(old.models) & set(new.models))


def _shared_statements(side: Side) -> Mapping[str, _Statement]:
    """Return statements by ids that the other side shares; of a single model, those about this model."""
    statements = [*_statements(side.spec), *_offers(side.spec)]
    if side.model is None:
        return {statement.id: statement for statement in statements}
    family, model = side.spec.family(side.model).name, side.spec.base(side.model)
    return {
        statement.id.removeprefix(f"{family}/").replace(f".{model}.", "."): statement
        for statement in statements
        if statement.id.startswith(f"{family}/") and statement.models.count(model or "")
    }


def _without_fields_missing(
    statements: Mapping[str, _Statement], one: Side, other: Side
) -> Mapping[str, _Statement]:
    """Return the statements that are not about a parameter of one model that the other one lacks."""
    own, others = (
        {field.name for field in side.spec.family(side.model or "").fields} for side in (one, other)
    )
    return {
        name: statement
        for name, statement in statements.items()
        if name.partition(".")[0] not in own - others
    }


def _statements(spec: Spec) -> Iterator[_Statement]:
    """Yield facts and rules as they are stated, without the tables of `_offers`."""
    families = {family.name: family for family in spec.families}
    for fact in spec.facts.values():
        if not _is_offer(fact.id):
            location = Location(fact.file, fact.line)
            models = _models(spec, families, fact.id)
            yield _Statement(fact.id, _without_remarks(fact.value), location, models)
    for rule in spec.rules.values():
        if rule.scope != "body" and not _is_offer(rule.id):
            location, value = Location(rule.file, rule.line), _without_remarks(rule.limit)
            yield _Statement(rule.id, value, location, ())


def _is_offer(name: str) -> bool:
    return _table(name) in _OFFERS


def _offers(spec: Spec) -> Iterator[_Statement]:
    """Yield the offers for each model, which a model file or the file of the service can state."""
    wire = spec.wire
    for region, row in wire["regions"].items():
        hosts = {name: value for name, value in _without_remarks(row).items() if name != "calls"}
        yield _Statement(f"wire/regions.{region}", hosts, _location(spec, "wire", "regions", region), ())
    for family in spec.families:
        for model in family.models:
            tables = {
                "endpoints": wire["endpoints"].get(model, {}),
                "prices": wire["prices"].get(model, {}),
                "rates": wire["rates"].get(model, {}),
                "regions": {
                    region: row["calls"][model]
                    for region, row in wire["regions"].items()
                    if model in (row.get("calls") or {})
                },
            }
            for table, row in tables.items():
                for name, value in _without_remarks(row).items():
                    location = _location(spec, family.name, table, model, name)
                    yield _Statement(f"{family.name}/{table}.{model}.{name}", value, location, (model,))


def _location(spec: Spec, file: str, table: str, *names: str) -> Location:
    """Return the location of the most specific fact or rule that states a row."""
    paths = [".".join((table, *names[:count])) for count in range(len(names), -1, -1)]
    for path in (*paths, *(f"{table}.{name}" for name in names)):
        for owner in (file, "wire"):
            stated = spec.facts.get(f"{owner}/{path}") or spec.rules.get(f"{owner}/{path}")
            if stated:
                return Location(stated.file, stated.line)
    return Location(f"{file}.yaml", 1)


def _models(spec: Spec, families: Mapping[str, Family], fact_id: str) -> tuple[str, ...]:
    """Return the models that a fact is about; empty if it is about all."""
    family = families.get(fact_id.partition("/")[0])
    if family:
        return family.models
    return tuple(model for model in spec.models if fact_id.endswith(f".{model}"))


def _without_remarks(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_remarks(item) for name, item in value.items() if name not in _REMARKS}
    if isinstance(value, list):
        return [_without_remarks(item) for item in value]
    return value


def _change(
    old: _Statement | None,
    new: _Statement | None,
    views: Sequence[tuple[ModelView, ModelView]],
    wording: Wording,
) -> DiffChange:
    present = new or old
    assert present is not None
    relation = Relation.ADDED if old is None else Relation.REMOVED if new is None else Relation.CHANGED
    is_rewritten = _is_rewritten(present, views)
    is_advice = is_rewritten or any(
        word in present.id.partition("/")[2].partition(":")[0].split(".") for word in _ADVICE
    )
    before, after = old and old.value, new and new.value
    return DiffChange(
        id=present.id,
        relation=relation,
        change_class=ChangeClass.EDITORIAL if is_advice else _class(present.id, before, after),
        old=before,
        new=after,
        models=present.models,
        text=wording.rewritten_fact(present.id)
        if is_rewritten
        else wording.fact(present.id, present.models, before, after, relation),
        old_location=old and old.location,
        new_location=new and new.location,
    )


def _class(name: str, old: Any, new: Any) -> ChangeClass:
    """Return the class of a change: a removed offer breaks calls, an added one does not."""
    table = _table(name)
    if table not in ("endpoints", "regions"):
        return ChangeClass.BEHAVIOUR
    if table == "regions":
        is_kept = set(_items(old)) <= set(_items(new))
        return ChangeClass.ADDITIVE if is_kept else ChangeClass.BREAKING
    return ChangeClass.BREAKING  # requests to the old path are refused


def _items(offer: Any) -> list[Any]:
    """Return the calls that are offered, or the members of a region."""
    return list(offer.items()) if isinstance(offer, Mapping) else list(offer or ())


def _is_rewritten(statement: _Statement, views: Sequence[tuple[ModelView, ModelView]]) -> bool:
    """Return whether a value by mode is the same in every request, and only written differently."""
    name = statement.id.partition("/")[2].partition(":")[0]
    concerned = [
        (old, new)
        for old, new in views
        if statement.id.startswith((f"{old.family.name}/", f"{new.family.name}/"))
    ]
    if not concerned or not any(name in tables(view) for pair in concerned for view in pair):
        return False
    return all(is_same_table(old, new, name) for old, new in concerned)
