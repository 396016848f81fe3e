"""`wanlib.fix`: corrections of a request body that change neither its meaning nor its price."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from wanlib.base.redaction import safe_repr
from wanlib.base.rule_id import parse_rule_id
from wanlib.base.violation import Violation
from wanlib.generated.calls import API
from wanlib.generated.checker import check
from wanlib.generated.registry import RULES
from wanlib.validation.check_result import CheckResult
from wanlib.validation.data_uri import parse_data_uri

_SIDES = re.compile(r"([1-9][0-9]{0,5})[xX\u00d7\u2715*\uff0a]([1-9][0-9]{0,5})", re.ASCII)
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,9}))?%", re.ASCII)

Steps = tuple[str | int, ...]
Edit = tuple[Any, Any, Any]
"""The corrected body, what was there and what is there now."""


class Change(NamedTuple):
    """One correction.

    rule: the rule that was broken. path: JSON Pointer into the body before. before, after: the value, or for
    a member that was moved its old and its new place.

    ``str()`` and ``repr()`` show no whole data URI and no URL's query.
    """

    rule: str
    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        change = f"{safe_repr(self.before)} is now {safe_repr(self.after)}"
        return f"{safe_repr(self.path)[1:-1]}: {change} ({self.rule})"

    def __repr__(self) -> str:
        return f"<Change {self}>"


class Fixed(NamedTuple):
    """A body after all safe corrections. remaining: what `check` reports of it."""

    body: Any
    changes: tuple[Change, ...]
    remaining: CheckResult


def fix(body: Any, *, call: str | None = None, local: bool = False) -> Fixed:
    """Return a request body with the corrections that are safe.

    A correction is kept only where `check` confirms that it removes a violation, adds none, and leaves the
    number of pictures and the price as they were. A text that is too long is never cut. The body that is
    handed in is not changed.

    Args:
        body: The body as it goes over the wire.
        call: How it is sent, as of `check`.
        local: Accept image URLs that are not public, as of `check`.
    """
    judge = partial(check, call=call, local=local)
    result, changes = judge(body), list[Change]()
    while corrected := next(_corrections(body, result, judge), None):
        body, result, more = corrected
        changes += more
    return Fixed(body, tuple(changes), result)


def _corrections(
    body: Any, result: CheckResult, judge: Callable[[Any], CheckResult]
) -> Iterator[tuple[Any, CheckResult, list[Change]]]:
    """Yield the body after each correction that is safe, what is said of it, and the correction.

    A member that was moved may need a correction of its value at its place, too.
    """
    for violation in result:
        for edited, before, after in _edits(body, violation):
            judged, change = judge(edited), Change(violation.rule, violation.path, before, after)
            if _safe(result, judged):
                yield edited, judged, [change]
            for inner in judged if parse_rule_id(violation.rule).kind in _MOVED else ():
                if inner.path == after:
                    for again, old, new in _edits(edited, inner):
                        rejudged = judge(again)
                        if _safe(result, rejudged):
                            yield again, rejudged, [change, Change(inner.rule, inner.path, old, new)]


def _safe(before: CheckResult, after: CheckResult) -> bool:
    """Return True where a correction removes violations, adds none, and keeps a price that was known."""
    if not _model_alone(before):  # where the model was not recognised, its rules were not judged
        broken = {(each.rule, each.path) for each in before}
        if len(after) >= len(before) or any((each.rule, each.path) not in broken for each in after):
            return False
    known = before.pictures is not None
    return not known or (before.pictures, before.price) == (after.pictures, after.price)


def _model_alone(result: CheckResult) -> bool:
    return [parse_rule_id(each.rule).kind for each in result] == ["model"]


def _edits(body: Any, violation: Violation) -> Iterator[Edit]:
    """Yield every correction that may remove a violation."""
    kind = parse_rule_id(violation.rule).kind
    steps = _steps(body, violation.path)
    if steps is None:
        return
    if kind in _MOVED:
        yield from _moves(body, steps)
        return
    value = _at(body, steps)
    if kind in _VALUES and isinstance(value, str):
        for text in _VALUES[kind](value, violation):
            if text != value:
                yield _put(body, steps, text), value, text


# Values.


def _named(value: str, violation: Violation) -> Iterator[str]:
    """Yield the allowed word that differs only in case and in blanks around it."""
    near = [each for each in violation.limit if str(each).casefold() == value.strip().casefold()]
    if len(near) == 1:
        yield near[0]


def _size(value: str, violation: Violation) -> Iterator[str]:
    """Yield a size with an asterisk and without blanks, or a keyword in its own case."""
    compact = "".join(value.split())
    if found := _SIDES.fullmatch(compact):
        yield f"{found[1]}*{found[2]}"
    yield from _named(compact, violation)


def _mime(value: str, violation: Violation) -> Iterator[str]:
    """Yield a data URI with the media type that its bytes have."""
    uri = parse_data_uri(value)
    due = RULES[violation.rule].limit.get(uri.facts.format) if uri and uri.facts else None
    if due is not None:
        yield f"data:{due}{value[value.index(';') :]}"


def _decimals(value: str, violation: Violation) -> Iterator[str]:
    """Yield a percentage with zeros added or removed at its end."""
    found = _PERCENT.fullmatch(value)
    digits = (found[2] or "").ljust(violation.limit, "0") if found else ""
    if found and not digits[violation.limit :].strip("0"):
        yield f"{found[1]}.{digits[: violation.limit]}%" if violation.limit else f"{found[1]}%"


def _stripped(value: str, violation: Violation) -> Iterator[str]:
    """Yield a URL or data URI without blanks around it."""
    yield value.strip()


_VALUES: dict[str, Callable[[str, Violation], Iterator[str]]] = {
    "model": _named,
    "one_of": _named,
    "keywords": _size,
    "mime": _mime,
    "decimals": _decimals,
    "schemes": _stripped,
    "encoding": _stripped,
    "public": _stripped,
}

# Members in the wrong place.

_MOVED = frozenset({"place", "unknown", "only_for"})


def _moves(body: Any, steps: Steps) -> Iterator[Edit]:
    """Yield the body with a member at the place that its model has for it, where that is free."""
    name, model = str(steps[-1]), body.get("model")
    target = _place(model, name) if model in API.models else None
    if target is None or target == steps:
        return
    value, without = _at(body, steps), _without(body, steps)
    holder = _holder(without, target)
    if holder is None or target[-1] in holder:
        return
    yield _put(without, target, value), _pointer(steps), _pointer(target)


def _holder(body: Any, target: Steps) -> dict[str, Any] | None:
    """Return the object that a member belongs to, an empty one where it is absent; None where it can't be."""
    for step in target[:-1]:
        body = body.get(step, {}) if isinstance(body, dict) else None
    return body if isinstance(body, dict) else None


def _place(model: str, name: str) -> Steps | None:
    """Return the place of a field in a body: where the encoder puts it. None where it is part of a list."""
    table = API.models[model]
    if name not in table.fields or name in table.images:
        return None
    mark = object()
    found = _find(table.code().encode(model, {name: mark}), mark)
    return found if found is None or all(isinstance(step, str) for step in found) else None


def _find(value: Any, mark: object) -> Steps | None:
    if value is mark:
        return ()
    inner: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, each in inner:
        found = _find(each, mark)
        if found is not None:
            return (step, *found)
    return None


# Bodies are not changed in place: only what stands along a path is copied.


def _steps(body: Any, path: str) -> Steps | None:
    """Return a JSON Pointer as steps, None where nothing stands there."""
    found: list[str | int] = []
    for step in [each.replace("~1", "/").replace("~0", "~") for each in path.split("/")[1:]]:
        if isinstance(body, dict) and step in body:
            body = body[step]
            found.append(step)
        elif isinstance(body, list) and step.isdecimal() and int(step) < len(body):
            body = body[int(step)]
            found.append(int(step))
        else:
            return None
    return tuple(found) or None


def _pointer(steps: Steps) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def _at(body: Any, steps: Steps) -> Any:
    for step in steps:
        body = body[step]
    return body


def _put(body: Any, steps: Steps, value: Any) -> Any:
    """Return a body with a value at a place; objects on the way that are absent are made."""
    if not steps:
        return value
    step, *rest = steps
    if isinstance(body, list):
        return [_put(each, tuple(rest), value) if index == step else each for index, each in enumerate(body)]
    return {**body, step: _put(body.get(step, {}), tuple(rest), value)}


def _without(body: Any, steps: Steps) -> Any:
    """Return a body without the member at a place."""
    step, *rest = steps
    if rest:
        return _put(body, (step,), _without(body[step], tuple(rest)))
    return {name: value for name, value in body.items() if name != step}
