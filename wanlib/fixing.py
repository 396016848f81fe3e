"""`wanlib.fix`: correct a request body without changing its meaning or its price."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from wanlib.base.identifiers import parse_rule_id
from wanlib.base.redaction import safe_repr
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
"""The corrected body, the old value and the new one."""


class Change(NamedTuple):
    """One correction of a request body.

    ``str()`` and ``repr()`` shorten data URIs and leave out the query of URLs.

    Attributes:
        rule: The id of the violated rule.
        path: JSON Pointer into the body before the correction.
        before: The old value; for a member that was moved, its old JSON Pointer.
        after: The new value; for a member that was moved, its new JSON Pointer.
    """

    rule: str
    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        """Return the correction as one line of text."""
        change = f"{safe_repr(self.before)} is now {safe_repr(self.after)}"
        return f"{safe_repr(self.path)[1:-1]}: {change} ({self.rule})"

    def __repr__(self) -> str:
        """Return the same with the name of the class."""
        return f"<Change {self}>"


class Fixed(NamedTuple):
    """A body after all safe corrections.

    Attributes:
        body: The corrected body.
        changes: The corrections, in order.
        remaining: The violations that are left in the corrected body.
    """

    body: Any
    changes: tuple[Change, ...]
    remaining: CheckResult


def fix(body: Any, *, call: str | None = None, local: bool = False) -> Fixed:
    """Return a request body with the corrections that are safe.

    A correction is kept only where `check` confirms that it removes a violation, adds none, and leaves the
    number of pictures and the price as they were. A text that is too long is never cut. The body that is
    passed in is not changed.

    Args:
        body: The body as it goes over the wire.
        call: How it is sent, as for `check`.
        local: Accept image URLs that are not public, as for `check`.

    Returns:
        The corrected body, the corrections, and the violations that are left.
    """
    check_body = partial(check, call=call, local=local)
    result, changes = check_body(body), list[Change]()
    while corrected := next(_corrections(body, result, check_body), None):
        body, result, new_changes = corrected
        changes += new_changes
    return Fixed(body, tuple(changes), result)


def _corrections(
    body: Any, result: CheckResult, check_body: Callable[[Any], CheckResult]
) -> Iterator[tuple[Any, CheckResult, list[Change]]]:
    """Yield for each safe correction the new body, its check result and the changes.

    A member that was moved may also need a correction of its value.
    """
    for violation in result:
        for edited, before, after in _edits(body, violation):
            edited_result = check_body(edited)
            change = Change(violation.rule, violation.path, before, after)
            if _is_safe(result, edited_result):
                yield edited, edited_result, [change]
            for inner in edited_result if parse_rule_id(violation.rule).kind in _MOVED else ():
                if inner.path == after:
                    for edited_again, old, new in _edits(edited, inner):
                        result_again = check_body(edited_again)
                        if _is_safe(result, result_again):
                            changes = [change, Change(inner.rule, inner.path, old, new)]
                            yield edited_again, result_again, changes


def _is_safe(before: CheckResult, after: CheckResult) -> bool:
    """Return True if a correction removes violations, adds none, and keeps a price that was known."""
    if not _is_model_unknown(before):  # the rules of an unknown model were not checked
        known = {(violation.rule, violation.path) for violation in before}
        if len(after) >= len(before) or any((new.rule, new.path) not in known for new in after):
            return False
    has_price = before.pictures is not None
    return not has_price or (before.pictures, before.price) == (after.pictures, after.price)


def _is_model_unknown(result: CheckResult) -> bool:
    return [parse_rule_id(violation.rule).kind for violation in result] == ["model"]


def _edits(body: Any, violation: Violation) -> Iterator[Edit]:
    """Yield every correction that may remove a violation."""
    kind = parse_rule_id(violation.rule).kind
    steps = _parse_pointer(body, violation.path)
    if steps is None:
        return
    if kind in _MOVED:
        yield from _move_edits(body, steps)
        return
    value = _get_at(body, steps)
    if kind in _VALUES and isinstance(value, str):
        for text in _VALUES[kind](value, violation):
            if text != value:
                yield _set_at(body, steps, text), value, text


# Values.


def _same_word(value: str, violation: Violation) -> Iterator[str]:
    """Yield the allowed word that differs only in case and in surrounding blanks."""
    near = [word for word in violation.limit if str(word).casefold() == value.strip().casefold()]
    if len(near) == 1:
        yield near[0]


def _size_text(value: str, violation: Violation) -> Iterator[str]:
    """Yield a size with an asterisk and without blanks, or a keyword in its own case."""
    compact = "".join(value.split())
    if match := _SIDES.fullmatch(compact):
        yield f"{match[1]}*{match[2]}"
    yield from _same_word(compact, violation)


def _mime(value: str, violation: Violation) -> Iterator[str]:
    """Yield a data URI with the media type that its bytes have."""
    uri = parse_data_uri(value)
    expected = RULES[violation.rule].limit.get(uri.facts.format) if uri and uri.facts else None
    if expected is not None:
        yield f"data:{expected}{value[value.index(';') :]}"


def _decimals(value: str, violation: Violation) -> Iterator[str]:
    """Yield a percentage with zeros added or removed at its end."""
    match = _PERCENT.fullmatch(value)
    digits = (match[2] or "").ljust(violation.limit, "0") if match else ""
    if match and not digits[violation.limit :].strip("0"):
        yield f"{match[1]}.{digits[: violation.limit]}%" if violation.limit else f"{match[1]}%"


def _strip(value: str, violation: Violation) -> Iterator[str]:
    """Yield a URL or data URI without surrounding blanks."""
    yield value.strip()


_VALUES: dict[str, Callable[[str, Violation], Iterator[str]]] = {
    "model": _same_word,
    "one_of": _same_word,
    "keywords": _size_text,
    "mime": _mime,
    "decimals": _decimals,
    "schemes": _strip,
    "encoding": _strip,
    "public": _strip,
}

# Members in the wrong place.

_MOVED = frozenset({"place", "unknown", "only_for"})


def _move_edits(body: Any, steps: Steps) -> Iterator[Edit]:
    """Yield the body with a member moved to where its model has it, if that place is free."""
    name, model = str(steps[-1]), body.get("model")
    target = _field_steps(model, name) if model in API.models else None
    if target is None or target == steps:
        return
    value, without = _get_at(body, steps), _remove_at(body, steps)
    holder = _parent_object(without, target)
    if holder is None or target[-1] in holder:
        return
    yield _set_at(without, target, value), _format_pointer(steps), _format_pointer(target)


def _parent_object(body: Any, target: Steps) -> dict[str, Any] | None:
    """Return the object that a member belongs to, empty if it is absent; None if it is not an object."""
    for step in target[:-1]:
        body = body.get(step, {}) if isinstance(body, dict) else None
    return body if isinstance(body, dict) else None


def _field_steps(model: str, name: str) -> Steps | None:
    """Return the place of a field in a body: where the encoder puts it. None if it is part of a list."""
    table = API.models[model]
    if name not in table.fields or name in table.images:
        return None
    marker = object()
    steps = _find(table.code().encode(model, {name: marker}), marker)
    return steps if steps is None or all(isinstance(step, str) for step in steps) else None


def _find(value: Any, marker: object) -> Steps | None:
    if value is marker:
        return ()
    inner: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, member in inner:
        steps = _find(member, marker)
        if steps is not None:
            return (step, *steps)
    return None


# Bodies are not changed in place: only the containers along a path are copied.


def _parse_pointer(body: Any, path: str) -> Steps | None:
    """Return a JSON Pointer as steps; None if the body has no value there."""
    steps: list[str | int] = []
    for step in [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]:
        if isinstance(body, dict) and step in body:
            body = body[step]
            steps.append(step)
        elif isinstance(body, list) and step.isdecimal() and int(step) < len(body):
            body = body[int(step)]
            steps.append(int(step))
        else:
            return None
    return tuple(steps) or None


def _format_pointer(steps: Steps) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def _get_at(body: Any, steps: Steps) -> Any:
    for step in steps:
        body = body[step]
    return body


def _set_at(body: Any, steps: Steps, value: Any) -> Any:
    """Return a body with a value at a place; absent objects on the way are created."""
    if not steps:
        return value
    step, *rest = steps
    if isinstance(body, list):
        return [
            _set_at(item, tuple(rest), value) if index == step else item for index, item in enumerate(body)
        ]
    return {**body, step: _set_at(body.get(step, {}), tuple(rest), value)}


def _remove_at(body: Any, steps: Steps) -> Any:
    """Return a body without the member at a place."""
    step, *rest = steps
    if rest:
        return _set_at(body, (step,), _remove_at(body[step], tuple(rest)))
    return {name: value for name, value in body.items() if name != step}
