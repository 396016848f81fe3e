"""The data about spec and server in the first line of a log, so that reports do not need either.

It has the places of the rules in the spec files, the statements that they come from, the requests of the
HTTP surface, the states of a task, and the areas of allowed sizes. `spec_changes.py` has limits and facts.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator

from wan_conformance.model import SizePoint
from wanlib.base.redaction import safe_repr
from wanlib.base.values import Ratio
from wanlib.boundary.mode_cases import ModeCase, mode_cases
from wanlib.diff.size_regions import SIZE_KINDS, AllowedSizes
from wanlib.spec import Rule, Spec
from wanlib.spec.interpreter.decode import decode_body, mode_inputs
from wanlib.spec.model.model import Family, Field
from wanlib.spec.model.modes import holds
from wanlib.validation.helpers import parse_size

_PACKAGED = Path("spec")
"""The folder of the packaged spec, as a checkout has it."""
EMULATOR_URL = "http://127.0.0.1:8686"
"""Where `wanlib serve` listens."""
_TEXT = {"type": "string"}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_NUMBER = {"type": ["integer", "null"], "minimum": 1}
_RATIO = {"type": ["string", "null"], "pattern": "^[1-9][0-9]{0,8}:[1-9][0-9]{0,8}$"}
_SHAPES: Mapping[str, Any] = {
    "places": _TEXTS,
    "statements": _TEXTS,
    "requests": {
        "type": "object",
        "required": ["base_url", "endpoints", "headers"],
        "properties": {
            "base_url": _TEXT,
            "endpoints": {"type": "object", "additionalProperties": _TEXTS},
            "headers": {"type": "object", "additionalProperties": _TEXTS},
        },
    },
    "task": {
        "type": "object",
        "required": ["initial", "states"],
        "properties": {
            "initial": _TEXT,
            "states": {"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}},
        },
    },
    "sizes": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["model", "field", "mode", "limits"],
            "properties": {
                "model": _TEXT,
                "field": _TEXT,
                "mode": _TEXT,
                "limits": {
                    "type": "object",
                    "required": list(SIZE_KINDS),
                    "properties": {kind: _RATIO if "ratio" in kind else _NUMBER for kind in SIZE_KINDS},
                },
            },
        },
    },
}
_VALIDATORS = {name: Draft202012Validator(shape) for name, shape in _SHAPES.items()}


def run_facts(
    spec: Spec, rules: list[Rule], folder: Path | None = None, base_url: str | None = None
) -> dict[str, Any]:
    """Return the facts for the first line of a log.

    Args:
        spec: The spec of the run.
        rules: The rules that the run covers.
        folder: The folder of the spec; None for the packaged one.
        base_url: The server that is judged; None for the emulator, as `wanlib serve` starts it.
    """
    return {
        "places": {rule.id: f"{_file(rule, folder)}:{rule.line}" for rule in rules},
        "statements": _statements(spec, rules),
        "requests": _requests(spec, base_url),
        "task": {
            "initial": spec.task["initial"],
            "states": {name: list(state.get("next", ())) for name, state in spec.task["states"].items()},
        },
        "sizes": SizeAreas(spec).to_json(),
    }


def fact_problems(run: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problems of the facts in the first line of a log; facts may be missing."""
    for name, validator in _VALIDATORS.items():
        error = next(validator.iter_errors(run[name]), None) if name in run else None
        if error is not None:
            path = error.json_path.replace("$", name, 1)
            yield f"run.{path} is {safe_repr(error.instance)}, expected what a run writes there"


def _file(rule: Rule, folder: Path | None) -> str:
    own = folder is not None and (folder / rule.file).is_file()
    return ((folder if own and folder is not None else _PACKAGED) / rule.file).as_posix()


def _statements(spec: Spec, rules: list[Rule]) -> dict[str, str]:
    """Return the statement that each rule comes from; rules without one are left out."""
    statements: dict[str, str] = {}
    for name, statement in spec.sources["statements"].items():
        for rule in statement.get("rules", ()):
            statements.setdefault(rule, name)
    return {rule.id: statements[rule.id] for rule in rules if rule.id in statements}


def _requests(spec: Spec, base_url: str | None) -> dict[str, Any]:
    """Return base URL, endpoints by model and call, and the headers of each call, `{key}` for the key."""
    base, path = (base_url or EMULATOR_URL).rstrip("/"), spec.wire["base_path"]
    headers: dict[str, dict[str, str]] = {}
    for name, header in spec.wire["headers"].items():
        for call in () if header.get("optional") else header.get("call", ()):
            headers.setdefault(call, {})[name] = header["is"]
    return {
        "base_url": base if base.endswith(path) else base + path,
        "endpoints": {model: dict(calls) for model, calls in spec.wire["endpoints"].items()},
        "headers": headers,
    }


class SizeArea(NamedTuple):
    """The sizes that a model allows in some of its modes.

    Attributes:
        model: The model.
        field: The field that names the size.
        mode: The modes in which the area is allowed, in words; empty if it is in all of them.
        sizes: The sizes.
    """

    model: str
    field: str
    mode: str
    sizes: AllowedSizes


class SizeAreas:
    """The areas of sizes of a spec, and the area that a request is about."""

    def __init__(self, spec: Spec) -> None:
        """Find the areas of every model with a field of type `size`."""
        self._spec = spec
        self._areas = [
            area
            for family in spec.families
            for field in family.fields
            if field.type == "size"
            for model in family.models
            for area in _areas(spec, model, field)
        ]
        self._indexes = {area[:2] + area[3:]: index for index, area in enumerate(self._areas)}

    def to_json(self) -> list[dict[str, Any]]:
        """Return the areas for the first line of a log."""
        return [
            {
                "model": area.model,
                "field": area.field,
                "mode": area.mode,
                "limits": {
                    kind: str(limit) if isinstance(limit, Ratio) else limit
                    for kind, limit in area.sizes._asdict().items()
                },
            }
            for area in self._areas
        ]

    def point(self, body: Any, call: str | None) -> SizePoint | None:
        """Return the size requested in a body; None if there is none, or its modes are unknown."""
        model = self._spec.base(body.get("model")) if isinstance(body, dict) else None
        if model is None:
            return None
        family = self._spec.family(model)
        fields = [field for field in family.fields if field.type == "size"]
        if not fields:
            return None
        decoded = decode_body(family, self._spec.form(family), body)
        inputs = mode_inputs(family, decoded) | {"model": model, "call": call}
        for field in fields:
            value = decoded.values[field.name]
            size = parse_size(value) if isinstance(value, str) else None
            if size is not None:
                truths = {mode: holds(family.modes, mode, inputs) for mode in family.modes}
                sizes = _sizes(_mode_case(family, model, truths), field)
                index = self._indexes.get((model, field.name, sizes))
                return None if index is None else SizePoint(index, *size[:2])
        return None


def areas_of(run: Mapping[str, Any]) -> list[SizeArea]:
    """Return the areas in the first line of a log."""
    return [
        SizeArea(
            entry["model"],
            entry["field"],
            entry["mode"],
            AllowedSizes(*(_limit(entry["limits"][kind]) for kind in SIZE_KINDS)),
        )
        for entry in run.get("sizes", ())
    ]


def _limit(value: Any) -> Any:
    return Ratio(*map(int, value.split(":"))) if isinstance(value, str) else value


def _mode_case(family: Family, model: str, truths: Mapping[str, bool | None]) -> ModeCase:
    """Return a mode case in which unknown modes count as false."""
    return ModeCase(family, model, (), {mode: truth is True for mode, truth in truths.items()}, ())


def _sizes(mode_case: ModeCase, field: Field) -> AllowedSizes:
    return AllowedSizes(*(mode_case.limit(field, kind) for kind in SIZE_KINDS))


def _areas(spec: Spec, model: str, field: Field) -> Iterator[SizeArea]:
    groups: dict[AllowedSizes, list[Mapping[str, bool]]] = {}
    for mode_case in mode_cases(spec, model):
        if mode_case.is_usable(field):
            groups.setdefault(_sizes(mode_case, field), []).append(mode_case.truths)
    for sizes, truths in groups.items():
        others = [other for group, some in groups.items() if group != sizes for other in some]
        named = [rule.condition.mode for rule in field.rules if rule.condition is not None]
        yield SizeArea(model, field.name, _mode_words(truths, others, named), sizes)


def _mode_words(truths: list[Mapping[str, bool]], others: list[Mapping[str, bool]], named: list[str]) -> str:
    """Return the modes in which some mode cases differ from all others; empty without others.

    Args:
        truths: The values of the modes in those mode cases.
        others: The values of the modes in all others.
        named: The modes that rules of the field name, which are preferred.
    """
    if not others:
        return ""
    modes = dict.fromkeys([*named, *truths[0]])
    for wanted, word in ((True, ""), (False, "not ")):
        for mode in modes:
            here, there = {case[mode] for case in truths}, {case[mode] for case in others}
            if here == {wanted} and there == {not wanted}:
                return f"{word}{mode}"
    return " or ".join("+".join(filter(case.get, case)) or "no mode" for case in truths)
