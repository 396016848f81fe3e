"""The limits of a model for a form: what each field may hold, as plain data."""

from typing import Any

from wanlib.base.api_tables import base_model
from wanlib.base.rule_id import RuleId, parse_rule_id
from wanlib.base.text import unknown_model_message
from wanlib.base.values import limit_to_json
from wanlib.generated.registry import FACTS, RULES

_NO_LIMITS = ("unknown",)  # that other members are unknown is no limit of a field
_DERIVED = "derived"  # marks a default that hangs on the request: there is no value to show


def limits(model: str) -> dict[str, Any]:
    """What each field of a model takes; a new mapping at each call, of JSON values only.

    The keys are field names (`prompt`, `images`, `size`, `n`); each value has, where the pages set one:

    - `type`: `text`, `integer`, `number`, `boolean`, `list`, `object`, `image`, `size`, `percent`
    - `required`: true; `default`: the value that the service takes where the field is absent
    - `min`, `max`: numbers; `one_of`: list; `max_chars`: code points; `pattern`: regular expression
    - `count`, `min_count`, `max_count`: items of a list; `same_count_as`: the list that is as long
    - `keywords`: pixels by keyword; `min_pixels`, `max_pixels`: width x height
    - `min_ratio`, `max_ratio`: width:height as text, `"1:8"`
    - `min_side`, `max_side`: pixels; `max_bytes`: of the decoded file; `formats`, `schemes`: lists
    - `public`: ends of host names that count as private, besides all others that do; `unexpired`: the
      query parameters that say when a signed URL expires, each a list of one or two names
    - `effective`, `needs`: the mode outside of which the field does nothing, or is not for
    - `each`: the same for a list's items; `fields`: the same for an object's members
    - `when`: by mode (`sequential`, `not interleave`) what replaces these values while it holds

    Raises ValueError for an unknown model, naming the known ones.
    """
    known = RULES["wire/model"].limit
    base = base_model(model, known, FACTS.get("wire/fine_tuned.ending", ""))
    if base is None:
        raise ValueError(unknown_model_message(model, known))
    stem = _file_of(base)
    root: dict[str, Any] = {}
    for rule, entry in RULES.items():
        parts = parse_rule_id(rule)
        if parts.file == stem and parts.path and parts.kind not in _NO_LIMITS and base in entry.models:
            _field_limits(root, parts)[parts.kind] = limit_to_json(entry.limit)
    for fact, value in FACTS.items():
        parts = parse_rule_id(fact)
        if parts.file == stem and parts.kind == "default" and value != _DERIVED:
            _field_limits(root, parts)["default"] = limit_to_json(value)
    fields: dict[str, Any] = root["fields"]
    return fields


def _file_of(model: str) -> str:
    """The spec file that a model stands in."""
    for rule, entry in RULES.items():
        if model in entry.models and not rule.startswith("wire/"):
            return parse_rule_id(rule).file
    raise AssertionError(f"no rule of {model}")


def _field_limits(root: dict[str, Any], parts: RuleId) -> dict[str, Any]:
    """Where a limit belongs: its field, or the variant of it for its mode."""
    node = root
    for name in parts.path.split("."):
        if name == "each":
            node.setdefault("type", "list")  # a list that is written as parts has no rule on its type
            node = node.setdefault("each", {})
        else:
            node = node.setdefault("fields", {}).setdefault(name, {})
    if not parts.mode:
        return node
    mode = f"not {parts.mode[4:]}" if parts.mode.startswith("not-") else parts.mode
    variant: dict[str, Any] = node.setdefault("when", {}).setdefault(mode, {})
    return variant
