"""What breaks each kind, as Python: written once more than the predicates, on purpose.

`{v}` is the variable with the value, `{c}` the constant with the limit, `{other}` the variable of
the field that a relation names, `{count}` the one with that field's count, `{index}` the outermost
index, `{all}` the list of what is added up. Size and image values come with what was read from
them: `_size`, `_uri`, `_facts`.
"""

from typing import NamedTuple


class Breach(NamedTuple):
    """When a rule is broken, and the limit and value that its violation tells.

    given: what must hold for the test to make sense; the fast path has made sure of it before.
    """

    test: str
    limit: str
    value: str
    given: str = ""


_START = len("https://")  # no image string begins with more than this to tell its scheme
_URI = "_uri is not None"
_TEXT = "isinstance({v}, str)"
_FACTS = "_facts is not None"
_SIDES = "_facts is not None and _facts.width is not None and _facts.height is not None"

BREACHES: dict[str, Breach] = {
    "one_of": Breach("{v} not in {c}", "{c}", "{v}"),
    "not_blank": Breach("_is_blank({v})", "True", "{v}"),
    "excludes": Breach("{v} in {c}", "{c}", "{v}"),
    "count": Breach("len({v}) != {c}", "{c}", "len({v})"),
    "min_count": Breach("len({v}) < {c}", "{c}", "len({v})"),
    "max_count": Breach("len({v}) > {c}", "{c}", "len({v})"),
    "max_chars": Breach("len({v}) > {c}", "{c}", "len({v})"),
    "pattern": Breach("_NOT_{c}({v}) is not None", "{c}", "{v}"),
    "decimals": Breach('(len({v}) - {v}.find(".") - 2 if "." in {v} else 0) != {c}', "{c}", "{v}"),
    "min": Breach("{v} < {c}", "{c}", "{v}"),
    "max": Breach("{v} > {c}", "{c}", "{v}"),
    "schemes": Breach(
        f"not {{v}}[:{_START}].lower().startswith(_{{c}})", "{c}", "{v}", "isinstance({v}, str)"
    ),
    "chars": Breach("_no_ascii_url({v})", "{c}", "{v}"),
    "public": Breach("not local and _unreachable({v}, {c})", "{c}", "{v}", "isinstance({v}, str)"),
    "unexpired": Breach(
        "(_end := _expired({v}, {c}, now)) is not None", "{c}", "_end", "isinstance({v}, str)"
    ),
    "encoding": Breach("_uri.problem is not None", "{c}", "_uri.problem", _URI),
    "mime": Breach("(_due := _wrong_name(_uri, {c})) is not None", "_due", "_uri.mime", _URI),
    "formats": Breach("not (_facts.readable and _facts.format in {c})", "{c}", "_format_met(_facts)", _FACTS),
    "min_side": Breach("min(_facts.width, _facts.height) < {c}", "{c}", "_sides_met(_facts)", _SIDES),
    "max_side": Breach("max(_facts.width, _facts.height) > {c}", "{c}", "_sides_met(_facts)", _SIDES),
    "max_bytes": Breach("_facts.bytes > {c}", "{c}", "_facts.bytes", _FACTS),
    "keywords": Breach("{v} not in {c}", "_{c}", "{v}"),
    "min_pixels": Breach("_size[2] < {c}", "{c}", "{v}"),
    "max_pixels": Breach("_size[2] > {c}", "{c}", "{v}"),
    "same_count_as": Breach("len({v}) != {count}", "{c}", "(len({v}), {count})", "{count} is not None"),
    "same_pixels_as": Breach("(_sizes := _unlike({v}, {other})) is not None", "{c}", "_sizes"),
    "total": Breach(
        "(_sum := _wrong_total({all}, {c})) is not None", "{c}", "_sum", "len({all}) == len({v})"
    ),
    "ordered": Breach("_disordered({v})", "{c}", "{v}"),
    "inside": Breach("(_box := _outside({v}, {other}, {index})) is not None", "{c}", "_box"),
}

# Kinds that stand on two types and read another variable on each.
RATIOS: dict[tuple[str, str], Breach] = {
    ("size", "min_ratio"): Breach("_size[0] * {c}[1] < _size[1] * {c}[0]", "{c}", "{v}"),
    ("size", "max_ratio"): Breach("_size[0] * {c}[1] > _size[1] * {c}[0]", "{c}", "{v}"),
    ("image", "min_ratio"): Breach(
        "_facts.width * {c}[1] < _facts.height * {c}[0]", "{c}", "_sides_met(_facts)", _SIDES
    ),
    ("image", "max_ratio"): Breach(
        "_facts.width * {c}[1] > _facts.height * {c}[0]", "{c}", "_sides_met(_facts)", _SIDES
    ),
}

# Those of a size that no width*height can break.
OF_KEYWORDS = ("keywords", "excludes")

# Where one of these is broken, nothing further is judged of the value.
STOPS = frozenset({"schemes", "encoding"})


def breach(kind: str, of_type: str) -> Breach:
    """The breach of a kind on a type."""
    return BREACHES[kind] if kind in BREACHES else RATIOS[of_type, kind]
