"""`wanlib.limits`: the limits of each field of a model as plain data, for forms and documentation."""

from typing import Any

from wanlib.base.identifiers import RuleId, base_model, parse_rule_id
from wanlib.base.text import unknown_model_message
from wanlib.base.values import limit_to_json
from wanlib.errors import InvalidArgumentError
from wanlib.generated.registry import FACTS, RULES

_NO_LIMITS = ("unknown",)  # a rule about other members, not a limit of the field
_CALLS = "calls"  # the section of a model file about its calls, not a field
_DERIVED = "derived"  # marks a default that depends on the request, so that it has no fixed value


def limits(model: str) -> dict[str, Any]:
    """Return the limits of each field of a model as a new mapping of JSON values.

    The keys are field names (`prompt`, `images`, `size`, `n`); each value has, if it is documented:

    - `type`: `text`, `integer`, `number`, `boolean`, `list`, `object`, `image`, `size`, `percent`
    - `required`: true; `default`: the value that the service uses if the field is absent
    - `min`, `max`: numbers; `one_of`: list; `max_chars`: code points; `pattern`: regular expression
    - `count`, `min_count`, `max_count`: items of a list; `same_count_as`: the list that is as long
    - `keywords`: pixels by keyword; `min_pixels`, `max_pixels`: width x height
    - `min_ratio`, `max_ratio`: width:height as text, `"1:8"`
    - `min_side`, `max_side`: pixels; `max_bytes`: of the decoded file; `formats`, `schemes`: lists
    - `public`: suffixes of host names that count as private, in addition to private networks
    - `unexpired`: the query parameters with the expiry of a signed URL, lists of one or two names
    - `effective`, `needs`: the mode outside of which the field has no effect, or is not allowed
    - `each`: the same for a list's items; `fields`: the same for an object's members
    - `when`: by mode (`sequential`, `not interleave`) the values that replace these in that mode

    Raises:
        InvalidArgumentError: The model is unknown; the message names the known ones.
    """
    known = RULES["wire/model"].limit
    base = base_model(model, known, FACTS.get("wire/fine_tuned.ending", ""))
    if base is None:
        raise InvalidArgumentError(unknown_model_message(model, known))
    stem = _file_of(base)
    root: dict[str, Any] = {}
    for rule, entry in RULES.items():
        parts = parse_rule_id(rule)
        is_of_a_field = parts.path and parts.path.partition(".")[0] != _CALLS and parts.kind not in _NO_LIMITS
        if parts.file == stem and is_of_a_field and base in entry.models:
            _field_limits(root, parts)[parts.kind] = limit_to_json(entry.limit)
    for fact, value in FACTS.items():
        parts = parse_rule_id(fact)
        if parts.file == stem and parts.kind == "default" and value != _DERIVED:
            _field_limits(root, parts)["default"] = limit_to_json(value)
    fields: dict[str, Any] = root["fields"]
    return fields


def _file_of(model: str) -> str:
    """Return the name of the spec file of a model."""
    for rule, entry in RULES.items():
        if model in entry.models and not rule.startswith("wire/"):
            return parse_rule_id(rule).file
    raise AssertionError(f"no rule of {model}")


def _field_limits(root: dict[str, Any], parts: RuleId) -> dict[str, Any]:
    """Return the mapping that a limit belongs to: of its field, or of its field in a mode."""
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
