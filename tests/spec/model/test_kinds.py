"""The closed set of kinds: the form of each limit, and tables by kind that agree."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.spec.kinds_spec import load_kinds
from wanlib.base.messages import MESSAGE_BY_KIND
from wanlib.base.values import Ratio
from wanlib.spec import Condition, load
from wanlib.spec.load import spec_folder
from wanlib.spec.model.kinds import BOUND, KINDS, OUTCOMES, PRESENCE, RELATION, TYPE, TYPES, limit_as_number
from wanlib.spec.model.predicates import CHECKS_BY_TYPE, CONTEXT_CHECKS, RELATION_CHECKS, VALUE_CHECKS
from wanlib.spec.source.schema_check import SCHEMA

GOOD: list[tuple[str, Any, Any]] = [
    ("place", "input", "input"),
    ("place", "parameters", "parameters"),
    ("required", True, True),
    ("effective", "bare", Condition("bare", True)),
    ("needs", "not bare", Condition("bare", False)),
    ("type", "size", "size"),
    ("one_of", ["a", "b"], ("a", "b")),
    ("one_of", [True], (True,)),
    ("one_of", [1, 2.5], (1, 2.5)),
    ("step", 8, 8),
    ("step", 0.1, 0.1),
    ("count", 4, 4),
    ("count", 0, 0),
    ("min_count", 1, 1),
    ("max_count", 9, 9),
    ("max_chars", 5000, 5000),
    ("not_blank", True, True),
    ("none_of", ["1K", "2K"], ("1K", "2K")),
    ("requires", "mask", "mask"),
    ("excludes", ["mask", "n"], ("mask", "n")),
    ("pattern", "#[0-9]+", "#[0-9]+"),
    ("decimals", 2, 2),
    ("min", -1, -1),
    ("min", 0.5, 0.5),
    ("max", 4, 4),
    ("max", 2.0, 2.0),
    ("schemes", ["http", "oss"], ("http", "oss")),
    ("chars", "ascii", "ascii"),
    ("public", ["-internal.example.com", ".corp.example"], ("-internal.example.com", ".corp.example")),
    ("public", [], ()),
    ("unexpired", ["Expires", "x-date + x-expires"], (("Expires",), ("x-date", "x-expires"))),
    ("encoding", "base64", "base64"),
    ("mime", {"png": "image/png", "bmp": "image/x-ms-bmp"}, {"png": "image/png", "bmp": "image/x-ms-bmp"}),
    ("formats", ["jpeg", "tiff"], ("jpeg", "tiff")),
    ("min_side", 240, 240),
    ("max_side", 8000, 8000),
    ("keywords", {"1K": "1024*1024", "2K": "1*2"}, {"1K": 1_048_576, "2K": 2}),
    ("keywords", {}, {}),
    ("min_pixels", "768*768", 589_824),
    ("max_pixels", "4096*4096", 16_777_216),
    ("min_ratio", "1:8", Ratio(1, 8)),
    ("max_ratio", "8:1", Ratio(8, 1)),
    ("max_bytes", "20 MB", 20_971_520),
    ("same_count_as", "images", "images"),
    ("same_pixels_as", "images", "images"),
    ("total", "100.00", "100.00"),
    ("total", "7", "7"),
    ("ordered", ["x1", "y1", "x2", "y2"], ("x1", "y1", "x2", "y2")),
    ("inside", "images", "images"),
]
TRUTH, WHOLE = "true", "a whole number"
BAD: list[tuple[str, Any, str]] = [
    ("place", "header", "input or parameters"),
    ("place", ["input"], "input or parameters"),
    ("required", False, TRUTH),
    ("required", 1, TRUTH),
    ("required", "true", TRUTH),
    ("effective", True, "a mode or not a mode"),
    ("effective", "a and b", "a mode or not a mode"),
    ("needs", None, "a mode or not a mode"),
    ("type", "string", "text or integer or"),
    ("one_of", [], "different words"),
    ("one_of", "a", "different words"),
    ("one_of", ["a", "a"], "different words"),
    ("one_of", [1, 1], "different words"),
    ("one_of", [None], "different words"),
    ("count", -1, "from 0"),
    ("count", 1.0, WHOLE),
    ("count", True, WHOLE),
    ("min_count", "1", WHOLE),
    ("max_count", None, WHOLE),
    ("max_chars", [5], WHOLE),
    ("not_blank", False, TRUTH),
    ("step", 0, "above 0"),
    ("step", -1, "above 0"),
    ("step", "8", "a number"),
    ("requires", ["mask"], "the name of a field"),
    ("excludes", "mask", "different names of fields"),
    ("excludes", [], "different names of fields"),
    ("excludes", ["mask", "mask"], "different names of fields"),
    ("excludes", ["a b"], "different names of fields"),
    ("none_of", [], "different names"),
    ("none_of", "1K", "different names"),
    ("pattern", 5, "a regular expression"),
    ("pattern", "(", "unterminated"),
    ("pattern", "[a--b]", "Possible set difference"),
    ("pattern", "a{99999999999999999999}", "too large"),
    ("decimals", "2", WHOLE),
    ("min", "0", "a number"),
    ("max", True, "a number"),
    ("schemes", [], "http, https, data, oss"),
    ("schemes", ["ftp"], "http, https, data, oss"),
    ("schemes", "http", "http, https, data, oss"),
    ("chars", "latin", "ascii"),
    ("public", True, "ends of host names"),
    ("public", ["example.com"], "ends of host names"),
    ("public", [".example.com", ".example.com"], "ends of host names"),
    ("public", [5], "ends of host names"),
    ("unexpired", [], "different parameters"),
    ("unexpired", "Expires", "different parameters"),
    ("unexpired", ["Expires", "Expires"], "different parameters"),
    ("unexpired", ["a + b + c"], "different parameters"),
    ("encoding", "hex", "base64"),
    ("mime", {}, "by format"),
    ("mime", {"avif": "image/avif"}, "by format"),
    ("mime", {"png": "png"}, "such as image/png"),
    ("mime", {"png": "image/PNG"}, "lower case"),
    ("mime", {"png": 5}, "such as image/png"),
    ("mime", ["image/png"], "a mapping"),
    ("formats", ["avif"], "jpeg, png, bmp, webp, tiff, gif"),
    ("formats", ["png", "png"], "jpeg, png, bmp, webp, tiff, gif"),
    ("formats", [["png"]], "jpeg, png, bmp, webp, tiff, gif"),
    ("min_side", -240, "from 0"),
    ("max_side", "8000", WHOLE),
    ("keywords", ["1K"], "a mapping"),
    ("keywords", {"1K": 1024}, "width*height"),
    ("min_pixels", 589_824, "width*height"),
    ("min_pixels", "768x768", "width*height"),
    ("min_pixels", "0*768", "width*height"),
    ("max_pixels", " 768*768", "width*height"),
    ("max_pixels", "\u0663*\u0663", "width*height"),
    ("min_ratio", 0.125, "width:height"),
    ("min_ratio", "1:0", "width:height"),
    ("max_ratio", "1" * 5000 + ":1", "width:height"),
    ("max_bytes", 20, "such as 20 MB"),
    ("max_bytes", "20MB", "such as 20 MB"),
    ("max_bytes", "0 MB", "such as 20 MB"),
    ("same_count_as", 5, "the name of a field"),
    ("same_pixels_as", "two words", "the name of a field"),
    ("total", 100.0, "in quotes"),
    ("total", "1e2", "in quotes"),
    ("total", "NaN", "in quotes"),
    ("total", "\u0661\u0660\u0660", "in quotes"),
    ("ordered", ["x1", "y1"], "x1, y1, x2, y2"),
    ("ordered", ["y1", "x1", "y2", "x2"], "x1, y1, x2, y2"),
    ("inside", "", "the name of a field"),
]
# On the whole body or its envelope: no field states them.
OF_THE_BODY = {"model", "endpoints", "unknown", "only_for", "only_in", "parts"}


@pytest.mark.parametrize(("kind", "value", "limit"), GOOD)
def test_limits_are_parsed(kind: str, value: Any, limit: Any) -> None:
    parsed = KINDS[kind].parse(value)
    assert parsed == limit
    assert type(parsed) is type(limit)


@pytest.mark.parametrize(("kind", "value", "expected"), BAD)
def test_wrong_limits_are_refused(kind: str, value: Any, expected: str) -> None:
    with pytest.raises(ValueError) as exc_info:
        KINDS[kind].parse(value)
    assert expected in str(exc_info.value)


def test_every_kind_of_a_field_has_examples_here() -> None:
    stated = set(KINDS) - OF_THE_BODY
    assert {kind for kind, _, _ in GOOD} == stated
    assert {kind for kind, _, _ in BAD} == stated


def test_every_kind_has_a_message() -> None:
    assert set(MESSAGE_BY_KIND) == set(KINDS)


def test_every_bound_and_relation_has_a_predicate() -> None:
    """For each type that it is allowed on; the decoder checks the kinds of the envelope."""
    by_type = {kind for _, kind in CHECKS_BY_TYPE}
    expected = {kind for kind, definition in KINDS.items() if definition.stage == BOUND} - {"parts"}
    assert set(VALUE_CHECKS) | set(CONTEXT_CHECKS) | by_type == expected
    assert not set(VALUE_CHECKS) & by_type
    assert set(RELATION_CHECKS) == {
        kind for kind, definition in KINDS.items() if definition.stage == RELATION
    }
    assert set(CHECKS_BY_TYPE) == {(type_, kind) for kind in by_type for type_ in KINDS[kind].types}


def test_every_kind_is_used_by_a_spec(tmp_path: Path) -> None:
    """A kind that no rule has would be untested: the packaged spec has it, or the invented family."""
    rules = [*load().rules.values(), *load_kinds(tmp_path).rules.values()]
    assert set(KINDS) <= {rule.kind for rule in rules}


def test_the_schema_lists_the_kinds() -> None:
    """The schema is written by hand."""
    known = json.loads((spec_folder() / SCHEMA).read_text("utf-8"))["$defs"]
    others = {"as", "default", "for_testing", "recommended", "notes", "source", "each", "fields"}
    assert set(known["field"]["properties"]) - others == set(KINDS) - OF_THE_BODY
    varying = {kind for kind in set(KINDS) - OF_THE_BODY if KINDS[kind].varies}
    assert set(known["variant"]["properties"]) - {"default"} == varying
    assert known["field"]["properties"]["type"]["enum"] == list(TYPES)


def test_kinds_are_consistent() -> None:
    for name, kind in KINDS.items():
        assert kind.outcome in OUTCOMES, name
        assert kind.stage in (PRESENCE, TYPE, BOUND, RELATION), name
        assert set(kind.types) <= {*TYPES, "parts"}, name
        assert bool(kind.types) is (name not in OF_THE_BODY), name
        assert kind.tighter in (None, "lower", "higher", "subset"), name
        assert kind.stage == BOUND or kind.tighter is None, name


def test_kinds_are_in_order_of_stages() -> None:
    """Rules are sorted by the table: type after presence, bounds after type, relations last."""
    stages = [kind.stage for kind in KINDS.values()]
    assert stages == sorted(stages)


def test_outcomes_of_kinds() -> None:
    fixed = {name: kind.outcome for name, kind in KINDS.items() if kind.fixed}
    assert fixed == {
        "unknown": "unspecified",
        "only_for": "unspecified",
        "effective": "ignored",
        "inside": "unspecified",
    }
    assert {kind.outcome for name, kind in KINDS.items() if name not in fixed} == {"rejected"}


@pytest.mark.parametrize(
    ("limit", "size"),
    [(4, 4), (0.5, Fraction(1, 2)), (Ratio(1, 8), Fraction(1, 8)), (Decimal("0.1"), Fraction(1, 10))],
)
def test_limit_as_number(limit: Any, size: Fraction) -> None:
    assert limit_as_number(limit) == size


def test_limits_are_compared_exactly() -> None:
    """1:3 is between two ratios that floats could not distinguish."""
    assert (
        limit_as_number(Ratio(1, 3))
        < limit_as_number(Ratio(333_334, 1_000_000))
        < limit_as_number(Ratio(333_335, 1_000_000))
    )
