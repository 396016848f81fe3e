"""Check `output.size` of a model file: entries complete, words with an effect."""

from collections.abc import Iterable, Mapping
from typing import Any

from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.model import Field
from wanlib.spec.model.modes import Condition
from wanlib.spec.model.picture_size import KEYWORD, SQUARE
from wanlib.spec.source.yaml_reader import LineMap

_NUMBER_TYPES = ("integer", "number")
_CHANGES = ("max_pixels", "scaled_by", "extended_by")
_REQUIRING_KINDS = ("required", "min_count")

Entries = Mapping[Condition | None, LineMap]
"""The entries of a file by condition; None is the key of `otherwise`."""


class PictureSizeChecker:
    """Checks the entries of one file."""

    def __init__(self, fields: Iterable[Field], diagnostics: Diagnostics) -> None:
        """Prepare to check entries of a file with these fields."""
        self._fields = {field.name: field for field in fields}
        self._diagnostics = diagnostics

    def check(self, entries: Entries) -> None:
        """Add the problems of an entry to the diagnostics. The fields must be valid."""
        for condition, raw in entries.items():
            if self._check_form(raw):
                others = [other for other in entries if other is not None and other != condition]
                self._check_images(raw, condition, others)
                self._check_keywords(raw, condition, others)
            self._check_fields(raw)

    def _check_form(self, raw: LineMap) -> bool:
        """Check that an entry is a ratio with pixels, or sides with at most one change."""
        if ("ratio" in raw) == ("sides" in raw):
            has = "both ratio and sides" if "ratio" in raw else "neither ratio nor sides"
            return self._add(raw.line, f"a size states {has}", "one of them")
        required, excluded = (("pixels",), _CHANGES) if "ratio" in raw else ((), ("pixels",))
        for name in required:
            if name not in raw:
                return self._add(raw.line, "a size states ratio without pixels", "pixels beside ratio")
        for name in excluded:
            if name in raw:
                form = "ratio" if "ratio" in raw else "sides"
                return self._add(raw.lines[name], f"a size states {name} beside {form}", "it left out")
        changes = [name for name in _CHANGES if name in raw]
        if len(changes) > 1:
            return self._add(raw.lines[changes[1]], f"a size states {' and '.join(changes)}", "one of them")
        return True

    def _check_images(self, raw: LineMap, condition: Condition | None, others: list[Condition]) -> None:
        """Check that `without_image` is stated if, and only if, a call may have no image."""
        if raw.get("ratio") == SQUARE:
            if "without_image" in raw:
                self._add(raw.lines["without_image"], "without_image beside the ratio square", "it left out")
            return
        image_lists = [field for field in self._fields.values() if field.each and field.each.type == "image"]
        is_required = any(self._requires_value(field, condition, others) for field in image_lists)
        if is_required and "without_image" in raw:
            line = raw.lines["without_image"]
            self._add(line, "without_image where a call always has an image", "it left out")
        if not is_required and "without_image" not in raw:
            self._add(raw.line, "a size does not say what it is without an image", "without_image")
        if not is_required and "sides" in raw and "max_pixels" not in raw:
            self._add(raw.lines["sides"], "sides where a call may have no image", "max_pixels beside it")

    def _check_keywords(self, raw: LineMap, condition: Condition | None, others: list[Condition]) -> None:
        """Check that the pixels of a keyword are used if, and only if, there are keywords."""
        sizes = [field for field in self._fields.values() if field.type == "size"]
        has_keywords = any(self._has_keyword(field, condition, others) for field in sizes)
        if raw.get("pixels") == KEYWORD and not has_keywords:
            self._add(raw.lines["pixels"], "pixels is keyword where size has no keywords", "width*height")
        if has_keywords and raw.get("pixels") != KEYWORD:
            self._add(raw.line, "a size ignores the keywords that the field size has", "pixels: keyword")

    def _check_fields(self, raw: LineMap) -> None:
        names = [(raw.lines["scaled_by"], raw["scaled_by"])] if "scaled_by" in raw else []
        extended = raw.get("extended_by", LineMap(0))
        names += [(extended.lines[side], name) for side in extended for name in extended[side]]
        for line, name in names:
            field = self._fields.get(name)
            if field is None:
                numbers = [field.name for field in self._fields.values() if field.type in _NUMBER_TYPES]
                self._diagnostics.unknown_name(line, "the field", name, numbers)
            elif field.type not in _NUMBER_TYPES or None not in field.default:
                self._add(line, f"a size depends on {name} of type {field.type}", "a number with a default")

    def _requires_value(self, field: Field, condition: Condition | None, others: list[Condition]) -> bool:
        """Return whether a value is known to be required in a condition."""
        limits = self._limits(field, condition, others)
        return any(limits.get(kind) for kind in _REQUIRING_KINDS)

    def _has_keyword(self, field: Field, condition: Condition | None, others: list[Condition]) -> bool:
        """Return whether a size has a keyword that is not excluded in a condition."""
        limits = self._limits(field, condition, others)
        return not set(limits.get("keywords", ())) <= set(limits.get("none_of", ()))

    def _limits(self, field: Field, condition: Condition | None, others: list[Condition]) -> dict[str, Any]:
        """Return the limits in a condition, by kind; None is `otherwise`."""
        limits: dict[str, Any] = {}
        for rule in field.rules:
            opposite = rule.condition and Condition(rule.condition.mode, not rule.condition.wanted)
            if rule.condition is None:
                limits.setdefault(rule.kind, rule.limit)
            elif rule.condition == condition or (condition is None and opposite in others):
                limits[rule.kind] = rule.limit
        return limits

    def _add(self, line: int, problem: str, expected: str) -> bool:
        self._diagnostics.add(line, problem, expected)
        return False
