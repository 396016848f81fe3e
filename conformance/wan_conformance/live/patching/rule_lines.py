"""The lines of a spec file that state a rule: their positions, and their text for a changed rule."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wan_conformance.live.patching.yaml_edits import UnwritableError, find_node, scalar, spliced
from wanlib.base.identifiers import parse_rule_id
from wanlib.base.values import Ratio
from wanlib.spec import Rule, Spec
from wanlib.spec.model.model import Field
from wanlib.spec.model.modes import Condition

_MEGABYTE = 1_048_576
_MAX_SIDE = 999_999
_DEFAULTED = ("min", "max", "one_of", "keywords")


@dataclass(frozen=True)
class Way:
    """A way to state a change: the rule as it is written, and whether the default follows the limit."""

    rule: Rule
    with_default: bool


def steps_to(spec: Spec, rule: Rule) -> list[str]:
    """Return the path of keys to the value of a rule in its file."""
    parts = parse_rule_id(rule.id)
    if rule.file == "wire.yaml":
        return ["bodies", *parts.path.split("."), rule.kind]
    if not rule.field:
        return [*parts.path.split("."), rule.kind]
    family = next(family for family in spec.families if rule.id.startswith(f"{family.name}/"))
    keys = ["fields"]
    fields: Sequence[Field] = family.fields
    for name in rule.field.split("."):
        if keys[-1] != "fields" and name != "each":
            keys.append("fields")
        field = next(field for field in fields if field.name == name)
        keys.append(name)
        fields = field.members or ((field.each,) if field.each else ())
    return [*keys, *_mode_keys(rule.condition), rule.kind]


def _mode_keys(condition: Condition | None) -> list[str]:
    if condition is None:
        return []
    return [f"when {'' if condition.wanted else 'not '}{condition.mode}"]


def changed_text(text: str, spec: Spec, old: Rule, way: Way, evidence: str) -> str:
    """Return the text of a file with a changed rule. Raise UnwritableError if no line states the rule."""
    steps = steps_to(spec, old)
    node = find_node(text, steps)
    if node is None:
        raise UnwritableError("the form of the body implies it, and no line states it")
    new = way.rule
    limit = None if new.limit == old.limit else limit_text(new)
    outcome = None if new.outcome == old.outcome else new.outcome
    changed = spliced(text, node, limit, outcome, evidence)
    if way.with_default:
        changed = _with_default(changed, [*steps[:-1], "default"], new)
    return changed


def _with_default(text: str, steps: Sequence[str], rule: Rule) -> str:
    """Return the text with the default at the limit: the old default is no longer allowed."""
    node = find_node(text, steps)
    if node is None:
        raise UnwritableError("the file would contradict itself")
    note = "The former default is outside of the limit; what the service takes instead is not known."
    return spliced(text, node, scalar(default_of(rule)), None, note)


def default_of(rule: Rule) -> Any:
    """Return a default that the limit of a rule allows. Raise UnwritableError if it does not show one."""
    if rule.kind not in _DEFAULTED:
        raise UnwritableError("the file would contradict itself")
    return rule.limit if rule.kind in ("min", "max") else next(iter(rule.limit))


def limit_text(rule: Rule) -> str:
    """Return a limit as the files write it. Raise UnwritableError if they cannot."""
    limit = rule.limit
    if rule.kind in ("min_pixels", "max_pixels"):
        return _pixels(limit)
    if rule.kind == "max_bytes":
        if limit % _MEGABYTE:
            raise UnwritableError(f"{limit:,} bytes are not a number of MB, which is how the files state it")
        return f"{limit // _MEGABYTE} MB"
    if rule.kind == "keywords":
        return f"{{{', '.join(f'{word}: {_pixels(pixels)}' for word, pixels in limit.items())}}}"
    if isinstance(limit, Ratio):
        return str(limit)
    if isinstance(limit, Condition):
        return f"{'' if limit.wanted else 'not '}{limit.mode}"
    if isinstance(limit, tuple):
        return f"[{', '.join(map(scalar, limit))}]"
    if isinstance(limit, dict):
        return f"{{{', '.join(f'{key}: {value}' for key, value in limit.items())}}}"
    return scalar(limit)


def _pixels(count: int) -> str:
    """Return a number of pixels as the width*height that is nearest to a square."""
    for width in range(math.isqrt(count), 0, -1):
        height, rest = divmod(count, width)
        if height > _MAX_SIDE:
            break
        if not rest:
            return f"{width}*{height}"
    raise UnwritableError(f"no width and height have {count:,} pixels")
