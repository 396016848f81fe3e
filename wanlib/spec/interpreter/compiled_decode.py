"""A body that is written as its form says: read at once, by functions that were put together for its family.

Most bodies are. Any other is read by the decoder, which tells what is wrong with it.
"""

from collections.abc import Callable
from functools import lru_cache
from math import inf
from typing import Any

from wanlib.base.values import ABSENT
from wanlib.spec.interpreter.decode import DecodedBody, Decoder, FieldPositions, field_positions
from wanlib.spec.model.model import Family, Node

_Take = Callable[[Any, DecodedBody], bool]
"""Takes what a value holds into a reading; False where it is not as it should be."""

_TakeAll = Callable[[list[Any], list[str], DecodedBody], bool]
"""The same for all parts of a name, each with its path."""


def decode_body(family: Family, form: Node, body: dict[str, Any]) -> DecodedBody:
    """The reading of a body whose model is known."""
    reading = DecodedBody()
    return reading if _compiled(family, form)(body, reading) else Decoder(family, form).decode(body)


@lru_cache(maxsize=64)
def _compiled(family: Family, form: Node) -> _Take:
    return _DecoderCompiler(family, field_positions(family, form)).members(form, "", "model")


class _DecoderCompiler:
    """Puts the functions together, one for each node. path: of the node, which is the same in every body."""

    def __init__(self, family: Family, places: FieldPositions) -> None:
        self.family = family
        self.places = places

    def members(self, node: Node, path: str, *also: str) -> _Take:
        """An object. also: members that are read elsewhere."""
        inner = [(name, self._node(child, f"{path}/{name}")) for name, child in node.members]
        stated = self.places.stated.get(path[1:], ())
        known = frozenset((*also, *node.names, *stated))
        take_stated = _fields(stated, path)

        def take(value: Any, reading: DecodedBody) -> bool:
            if not isinstance(value, dict) or not known.issuperset(value):
                return False
            for name, take_member in inner:
                if not take_member(value.get(name, ABSENT), reading):
                    return False
            return take_stated(value, reading)

        return take

    def _node(self, node: Node, path: str) -> _Take:
        make: dict[str, Callable[[Node, str], _Take]] = {
            "object": self.members,
            "list": self._list,
            "constant": self._constant,
            "parts": self._parts,
            "leaf": self._leaf,
            "rest": self._rest,
        }
        return make[node.form](node, path)

    def _list(self, node: Node, path: str) -> _Take:
        count = node.rule("count")
        if node.each is None or count is None or count.limit != 1:
            return lambda value, reading: False
        take = self._node(node.each, f"{path}/0")
        return lambda value, reading: isinstance(value, list) and len(value) == 1 and take(value[0], reading)

    def _constant(self, node: Node, path: str) -> _Take:
        rule = node.rule("one_of")
        if rule is None:
            return lambda value, reading: isinstance(value, str)
        return lambda value, reading: isinstance(value, str) and value in rule.limit

    def _parts(self, node: Node, path: str) -> _Take:
        """Those of a list come as often as they may, any other once."""
        plans = {name: self._part(node, name, field, path) for name, field in node.parts}

        def take(value: Any, reading: DecodedBody) -> bool:
            if not isinstance(value, list):
                return False
            met: dict[Any, tuple[list[Any], list[str]]] = {name: ([], []) for name in plans}
            for index, part in enumerate(value):
                name = next(iter(part)) if isinstance(part, dict) and len(part) == 1 else None
                if name not in met:
                    return False
                inner, paths = met[name]
                inner.append(part[name])
                paths.append(f"{path}/{index}/{name}")
            return all(plans[name](inner, paths, reading) for name, (inner, paths) in met.items())

        return take

    def _part(self, node: Node, name: str, field: str, path: str) -> _TakeAll:
        """Takes all parts of a name."""
        is_list = self.family.field(field).type == "list"
        most = min((rule.limit for rule in node.part_limits[name]), default=inf if is_list else 1)

        def take(inner: list[Any], paths: list[str], reading: DecodedBody) -> bool:
            if len(inner) > most:
                return False
            reading.values[field] = inner if is_list else inner[0] if inner else ABSENT
            reading.paths[field] = path if is_list else paths[0] if inner else f"{path}/-/{name}"
            if is_list:
                reading.item_paths[field] = paths
            return True

        return take

    def _leaf(self, node: Node, path: str) -> _Take:
        name, only = node.field, node.only

        def take(value: Any, reading: DecodedBody) -> bool:
            reading.paths[name] = path
            reading.values[name] = value
            if only and value is not ABSENT and value is not None:
                reading.values[name] = [value]
                reading.item_paths[name] = [path]
            return True

        return take

    def _rest(self, node: Node, path: str) -> _Take:
        names = self.places.beside.get(path[1:], self.places.rest)
        known, take_fields = frozenset(names), _fields(names, path)

        def take(value: Any, reading: DecodedBody) -> bool:
            members = {} if value is ABSENT else value
            return isinstance(members, dict) and known.issuperset(members) and take_fields(members, reading)

        return take


def _fields(names: tuple[str, ...], path: str) -> _Take:
    """Members that are fields."""
    paths = {name: f"{path}/{name}" for name in names}

    def take(value: Any, reading: DecodedBody) -> bool:
        for name in names:
            reading.values[name] = value.get(name, ABSENT)
        reading.paths.update(paths)
        return True

    return take
