"""The `output.size` of a model file: each entry complete, and no word in it without effect."""

from collections.abc import Iterable, Mapping
from typing import Any

from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.modes import Condition
from wanlib.spec.model.model import Field
from wanlib.spec.model.picture_size import KEYWORD, SQUARE
from wanlib.spec.source.yaml_reader import LineMap

_NUMBERS = ("integer", "number")
_CHANGES = ("max_pixels", "scaled_by", "extended_by")
_NEEDED = ("required", "min_count")


Entries = Mapping[Condition | None, LineMap]
"""The entries of a file by condition, None for `otherwise`."""


class SizeSection:
    """Checks the entries of one file."""

    def __init__(self, fields: Iterable[Field], diagnostics: Diagnostics) -> None:
        self.fields = {field.name: field for field in fields}
        self.diagnostics = diagnostics

    def check(self, entries: Entries) -> None:
        """Add what is wrong in an entry to the diagnostics. The fields must be right."""
        for condition, raw in entries.items():
            if self._check_form(raw):
                others = [each for each in entries if each is not None and each != condition]
                self._check_images(raw, condition, others)
                self._check_keywords(raw, condition, others)
            self._check_fields(raw)

    def _check_form(self, raw: LineMap) -> bool:
        """Whether an entry is either a ratio with pixels or sides with at most one change."""
        if ("ratio" in raw) == ("sides" in raw):
            met = "both ratio and sides" if "ratio" in raw else "neither ratio nor sides"
            return self._add(raw.line, f"a size states {met}", "one of them")
        due, never = (("pixels",), _CHANGES) if "ratio" in raw else ((), ("pixels",))
        for name in due:
            if name not in raw:
                return self._add(raw.line, "a size states ratio without pixels", "pixels beside ratio")
        for name in never:
            if name in raw:
                form = "ratio" if "ratio" in raw else "sides"
                return self._add(raw.lines[name], f"a size states {name} beside {form}", "it left out")
        changes = [name for name in _CHANGES if name in raw]
        if len(changes) > 1:
            return self._add(raw.lines[changes[1]], f"a size states {' and '.join(changes)}", "one of them")
        return True

    def _check_images(self, raw: LineMap, condition: Condition | None, others: list[Condition]) -> None:
        """`without_image` stands where a call may have no image, and nowhere else."""
        if raw.get("ratio") == SQUARE:
            if "without_image" in raw:
                self._add(raw.lines["without_image"], "without_image beside the ratio square", "it left out")
            return
        needed = any(self._holds(field, _NEEDED, condition, others) for field in self._image_lists())
        if needed and "without_image" in raw:
            self._add(
                raw.lines["without_image"], "without_image where a call always has an image", "it left out"
            )
        if not needed and "without_image" not in raw:
            self._add(raw.line, "a size does not say what it is without an image", "without_image")
        if not needed and "sides" in raw and "max_pixels" not in raw:
            self._add(raw.lines["sides"], "sides where a call may have no image", "max_pixels beside it")

    def _check_keywords(self, raw: LineMap, condition: Condition | None, others: list[Condition]) -> None:
        """The pixels of a keyword count exactly where there are keywords."""
        sizes = [field for field in self.fields.values() if field.type == "size"]
        known = any(self._offers(field, condition, others) for field in sizes)
        if raw.get("pixels") == KEYWORD and not known:
            self._add(raw.lines["pixels"], "pixels is keyword where size has no keywords", "width*height")
        if known and raw.get("pixels") != KEYWORD:
            self._add(raw.line, "a size ignores the keywords that the field size has", "pixels: keyword")

    def _check_fields(self, raw: LineMap) -> None:
        found = [(raw.lines["scaled_by"], raw["scaled_by"])] if "scaled_by" in raw else []
        extended = raw.get("extended_by", LineMap(0))
        found += [(extended.lines[side], name) for side in extended for name in extended[side]]
        for line, name in found:
            field = self.fields.get(name)
            if field is None:
                numbers = [each.name for each in self.fields.values() if each.type in _NUMBERS]
                self.diagnostics.unknown_name(line, "the field", name, numbers)
            elif field.type not in _NUMBERS or None not in field.default:
                self._add(line, f"a size depends on {name} of type {field.type}", "a number with a default")

    def _image_lists(self) -> list[Field]:
        return [field for field in self.fields.values() if field.each and field.each.type == "image"]

    def _holds(
        self, field: Field, kinds: tuple[str, ...], condition: Condition | None, others: list[Condition]
    ) -> bool:
        """Whether a rule of these kinds, with a limit that is not empty, certainly holds in a condition."""
        limits = self._limits(field, condition, others)
        return any(limits.get(kind) for kind in kinds)

    def _offers(self, field: Field, condition: Condition | None, others: list[Condition]) -> bool:
        """Whether a size has a keyword that is not excluded in a condition."""
        limits = self._limits(field, condition, others)
        return not set(limits.get("keywords", ())) <= set(limits.get("excludes", ()))

    def _limits(self, field: Field, condition: Condition | None, others: list[Condition]) -> dict[str, Any]:
        """The limits that hold in a condition, by kind; in `otherwise`, none of the others holds."""
        found: dict[str, Any] = {}
        for rule in field.rules:
            opposite = rule.condition and Condition(rule.condition.mode, not rule.condition.wanted)
            if rule.condition is None:
                found.setdefault(rule.kind, rule.limit)
            elif rule.condition == condition or (condition is None and opposite in others):
                found[rule.kind] = rule.limit
        return found

    def _add(self, line: int, what: str, expected: str) -> bool:
        self.diagnostics.add(line, what, expected)
        return False
