"""What breaks each kind, as Python: written once more than the predicates, on purpose.

`{v}` is the variable with the value, `{c}` the constant with the limit, `{other}` the variable of
the field that a relation names, `{index}` the outermost index, `{of}` the member that is added up.
Size and image values come with what was read from them: `_size`, `_uri`, `_facts`.
"""

from typing import NamedTuple


class Breach(NamedTuple):
    """When a rule is broken, and the limit and value that its violation tells."""

    test: str
    limit: str
    value: str


_SIZE = "_size is not None and "
_FACTS = "_facts is not None and "
_SIDES = "_facts is not None and _facts.width is not None and _facts.height is not None and "

BREACHES: dict[str, Breach] = {
    "one_of": Breach("{v} not in {c}", "{c}", "{v}"),
    "count": Breach("len({v}) != {c}", "{c}", "len({v})"),
    "min_count": Breach("len({v}) < {c}", "{c}", "len({v})"),
    "max_count": Breach("len({v}) > {c}", "{c}", "len({v})"),
    "max_chars": Breach("len({v}) > {c}", "{c}", "len({v})"),
    "pattern": Breach("_{c}({v}) is None", "{c}", "{v}"),
    "decimals": Breach('(len({v}) - {v}.find(".") - 2 if "." in {v} else 0) != {c}', "{c}", "{v}"),
    "min": Breach("{v} < {c}", "{c}", "{v}"),
    "max": Breach("{v} > {c}", "{c}", "{v}"),
    "schemes": Breach("not _begins({v}, {c})", "{c}", "{v}"),
    "chars": Breach("_no_ascii_url({v})", "{c}", "{v}"),
    "encoding": Breach("_uri is not None and _uri.problem is not None", "{c}", "_uri.problem"),
    "mime": Breach("_uri is not None and (_due := _wrong_name(_uri, {c})) is not None", "_due", "_uri.mime"),
    "formats": Breach(
        _FACTS + "not (_facts.readable and _facts.format in {c})", "{c}", "_format_met(_facts)"
    ),
    "min_side": Breach(_SIDES + "min(_facts.width, _facts.height) < {c}", "{c}", "_sides_met(_facts)"),
    "max_side": Breach(_SIDES + "max(_facts.width, _facts.height) > {c}", "{c}", "_sides_met(_facts)"),
    "max_bytes": Breach(_FACTS + "_facts.bytes > {c}", "{c}", "_facts.bytes"),
    "keywords": Breach("_size is None and {v} not in {c}", "tuple({c})", "{v}"),
    "min_pixels": Breach(_SIZE + "_size[2] < {c}", "{c}", "_size[2]"),
    "max_pixels": Breach(_SIZE + "_size[2] > {c}", "{c}", "_size[2]"),
    "same_count_as": Breach("{count} is not None and len({v}) != {count}", "{c}", "(len({v}), {count})"),
    "same_pixels_as": Breach("(_sizes := _unlike({v}, {other})) is not None", "{c}", "_sizes"),
    "total": Breach("(_sum := _wrong_total({v}, {of}, {c})) is not None", "{c}", "_sum"),
    "ordered": Breach("_disordered({v})", "{c}", "{v}"),
    "inside": Breach("(_box := _outside({v}, {other}, {index})) is not None", "{c}", "_box"),
}

# Kinds that stand on two types and read another variable on each.
RATIOS: dict[tuple[str, str], Breach] = {
    ("size", "min_ratio"): Breach(
        _SIZE + "_size[0] * {c}[1] < _size[1] * {c}[0]", "{c}", "f'{{_size[0]}}:{{_size[1]}}'"
    ),
    ("size", "max_ratio"): Breach(
        _SIZE + "_size[0] * {c}[1] > _size[1] * {c}[0]", "{c}", "f'{{_size[0]}}:{{_size[1]}}'"
    ),
    ("image", "min_ratio"): Breach(
        _SIDES + "_facts.width * {c}[1] < _facts.height * {c}[0]",
        "{c}",
        "f'{{_facts.width}}:{{_facts.height}}'",
    ),
    ("image", "max_ratio"): Breach(
        _SIDES + "_facts.width * {c}[1] > _facts.height * {c}[0]",
        "{c}",
        "f'{{_facts.width}}:{{_facts.height}}'",
    ),
}

# Where one of these is broken, nothing further is judged of the value.
STOPS = frozenset({"schemes", "encoding"})


def breach(kind: str, of_type: str) -> Breach:
    """The breach of a kind on a type."""
    return BREACHES[kind] if kind in BREACHES else RATIOS[of_type, kind]
