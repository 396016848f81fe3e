"""`migrate_source`: the calls in a Python program, converted to another model without running it."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from wanlib.boundary.body import RequestBuilder
from wanlib.boundary.mode_cases import mode_cases
from wanlib.diff.side import ModelView
from wanlib.migration.body_migration import MigrationError, migrate
from wanlib.migration.call_edits import Argument, Edit, SourceText, argument_edits, arguments_of
from wanlib.migration.note import Consequence, Note, SourceMigration, SourceNote
from wanlib.migration.python_text import Written, python_text
from wanlib.migration.source_calls import (
    MODEL,
    SDK_METHODS,
    SourceCall,
    attribute_of,
    parts_of,
    source_calls,
    starred,
)
from wanlib.migration.source_imports import class_edits
from wanlib.migration.source_names import SourceNames
from wanlib.spec import Spec
from wanlib.spec.model.model import Field

_WIDTH = 100
"""Maximum number of characters of a written line."""
_BY_PARTS, _BY_FIELDS = "ImageGeneration", "ImageSynthesis"
"""The class of the SDK for models whose body has parts, and the class for all others."""
_ONLY_BY_FIELDS = "sync_call"
"""A method that only the second class has."""


class _MigratedCall(NamedTuple):
    """The result of converting one call."""

    edits: Sequence[Edit]
    notes: Sequence[Note]
    old_class: str = ""
    new_class: str = ""


def migrate_source(spec: Spec, text: str, model: str) -> SourceMigration:
    """Return a program with its calls converted to another model.

    The program is parsed and never run. Text outside the calls is unchanged.

    Args:
        spec: The spec that has the models.
        text: The program, with any line ends.
        model: The other model.

    Raises:
        SyntaxError: The text is not Python.
        ValueError: It has null characters or carriage returns within lines.
    """
    plain = text.replace("\r\n", "\n")
    if "\r" in plain:
        raise ValueError("has carriage returns that end no line")
    tree, source = ast.parse(plain), SourceText(plain)
    names = SourceNames(tree)
    found = list(source_calls(spec, source, tree))
    calls = [call for call in found if call.model != model]
    edits: set[Edit] = set()
    notes: list[SourceNote] = []
    exchanged: dict[str, str] = {}
    partly: set[str] = set()
    for call in calls:
        migrated = _migrate_call(spec, source, names, call, model)
        edits.update(migrated.edits)
        notes += (SourceNote(call.line, note) for note in migrated.notes)
        if migrated.old_class == migrated.new_class:
            partly.add(migrated.old_class)
        else:
            exchanged[migrated.old_class] = migrated.new_class
    partly |= {
        names.class_of(call.node.func.value)
        for call in found
        if call.model == model and call.sdk_class and isinstance(call.node.func, ast.Attribute)
    }
    if exchanged:
        edits.update(class_edits(source, tree, exchanged, partly))
    result = source.edited(edits)
    is_crlf = text.count("\n") == text.count("\r\n") > 0
    return SourceMigration(result.replace("\n", "\r\n") if is_crlf else result, tuple(notes), len(calls))


def _migrate_call(
    spec: Spec, source: SourceText, names: SourceNames, call: SourceCall, model: str
) -> _MigratedCall:
    """Return the result of converting a call."""
    assert isinstance(call.node.func, ast.Attribute)
    owner = call.node.func.value
    old_class = names.class_of(owner) if call.sdk_class else ""
    arguments = None if call.problem else arguments_of(source, call.node)
    if arguments is None:
        return _left(call.problem or "its arguments cannot be distinguished", old_class)
    try:
        migration = _CallMigration(spec, source, call, model)
    except MigrationError as error:
        return _left("; ".join(error.lines), old_class)
    new_class = old_class
    if call.sdk_class:
        kind = _BY_PARTS if parts_of(migration.new.form) else _BY_FIELDS
        new_class = old_class.replace(call.sdk_class, kind)
    edits = list(migration.edits(arguments, all_by_name=new_class != old_class))
    notes = list(migration.notes(arguments))
    _, end = source.span(owner)
    if isinstance(owner, ast.Attribute) and len(call.positional) == 1:  # `wan.wan27_image`
        edits.append(Edit(end - len(owner.attr), end, attribute_of(migration.new.model)))
    if new_class != old_class:
        edits.append(Edit(*source.span(owner), new_class))
        if call.node.func.attr == _ONLY_BY_FIELDS:
            _, end = source.span(call.node.func)
            edits.append(Edit(end - len(_ONLY_BY_FIELDS), end, SDK_METHODS[0]))
        text = f"{new_class} takes the place of {old_class}: its responses have another form"
        notes.append(Note("", Consequence.CHANGED, text))
    return _MigratedCall(edits, notes, old_class, new_class)


def _left(problem: str, sdk_class: str) -> _MigratedCall:
    return _MigratedCall((), (Note("", Consequence.LEFT, problem),), sdk_class, sdk_class)


class _CallMigration:
    """Converts one call to another model.

    Attributes:
        new: The other model.
    """

    def __init__(self, spec: Spec, source: SourceText, call: SourceCall, model: str) -> None:
        """Convert the call. Raise MigrationError if it is not valid, or the other model cannot express it."""
        self.source = source
        self.call = call
        self.old, self.new = ModelView(spec, call.model), ModelView(spec, model)
        self.kept = dict(self._kept_expressions())
        body = self.old.body_of({**call.values, **self.kept})
        if body is None:
            raise MigrationError(f"the body form of {call.model} cannot express this request")
        self.migration = migrate(spec, body, model)
        self.before, self.after = (
            self._by_argument(self.old, body),
            self._by_argument(self.new, self.migration.body),
        )

    def _kept_expressions(self) -> Iterator[tuple[str, Any]]:
        """Yield the texts and images that are not read, with a valid value for each."""
        spec = self.old.spec
        builder = RequestBuilder(spec, mode_cases(spec, spec.base(self.call.model) or "")[0])
        for name, node in self.call.unread.items():
            field, text = self.old.family.field(name), self.source.of(node)
            if field.type == "text":
                yield name, Written(builder.sample(field), text)
            elif field.each is not None and field.each.type == "image":
                yield name, [Written(builder.sample(field.each), starred(text))]

    def _by_argument(self, view: ModelView, body: dict[str, Any]) -> Mapping[str, Any]:
        """Return the values of a body by argument: the SDK names members, this client fields."""
        if not self.call.sdk_class:
            return view.field_values(body) or {}
        members: dict[str, Any] = {}
        for value in body.values():
            members |= value if isinstance(value, dict) else {}
        return members

    def edits(self, arguments: Sequence[Argument], *, all_by_name: bool) -> Iterator[Edit]:
        """Yield the edits of the arguments.

        Args:
            arguments: The arguments in the text.
            all_by_name: Whether positional arguments are written with their names.
        """
        replaced: dict[int, str] = {}
        removed: list[int] = []
        named = self._names(arguments)
        for position, (name, argument) in enumerate(zip(named, arguments, strict=True)):
            prefix = f"{name}=" if name and (all_by_name or argument.name) else ""
            if name == MODEL:
                replaced[position] = prefix + python_text(self.new.model, 0, _WIDTH)
            elif self._is_gone(name, argument, is_other_class=all_by_name):
                removed.append(position)
            elif name in self.after and self.after[name] != self.before.get(name):
                replaced[position] = self._text(prefix, self.after[name], argument)
            elif prefix and not argument.name:
                replaced[position] = prefix + self.source.text[argument.start : argument.end]
        places = [arguments[position] for position in removed] or [arguments[-1]]
        added = [name for name in self.after if name not in named]
        texts = [
            self._text(f"{name}=", self.after[name], places[min(index, len(places) - 1)])
            for index, name in enumerate(added)
        ]
        yield from argument_edits(self.source, arguments, replaced, removed, texts)

    def _names(self, arguments: Sequence[Argument]) -> list[str]:
        """Return the name of each argument; empty for a double-starred one."""
        positional = iter(self.call.positional)
        is_keyword = {id(keyword.value) for keyword in self.call.node.keywords}
        return [
            argument.name or ("" if id(argument.node) in is_keyword else next(positional))
            for argument in arguments
        ]

    def _is_gone(self, name: str, argument: Argument, *, is_other_class: bool) -> bool:
        """Return whether the call to the other model has no such argument."""
        if name in self.after or not name:
            return False
        if isinstance(argument.node, ast.Constant) and argument.node.value is None:
            # One class leaves out an argument that is None; the other sends it.
            return is_other_class or self._field(self.new, name) is None
        is_field = self._field(self.old, name) is not None
        return name in self.before or (is_field and not self._stays(name))

    def _stays(self, name: str) -> bool:
        """Return whether the other model has an argument that is not read."""
        field = self._field(self.old, name)
        other = self._field(self.new, name)
        return (
            field is not None
            and other is not None
            and field.type == other.type
            and field.name in self.call.unread
        )

    def _field(self, view: ModelView, name: str) -> Field | None:
        fields = {
            field.wire_name if self.call.sdk_class else field.name: field for field in view.family.fields
        }
        return fields.get(name)

    def _text(self, prefix: str, value: Any, place: Argument) -> str:
        column = self.source.indentation(place.start)
        first = place.start - self.source.line_start(place.start) + len(prefix)
        return prefix + python_text(value, column, _WIDTH - max(0, first - column))

    def notes(self, arguments: Sequence[Argument]) -> Iterator[Note]:
        """Yield the decisions."""
        unread = self.call.unread
        for note in self.migration.notes:
            if note.field not in unread or note.consequence is Consequence.LOST:
                yield note
        for name, node in unread.items():
            text = self.source.of(node)
            field = self.old.family.field(name)
            argument = field.wire_name if self.call.sdk_class else name
            if name in self.kept or self._stays(argument):
                yield Note(name, Consequence.UNREAD, f"{text} is kept as it is")
            else:
                yield Note(name, Consequence.LOST, f"left out: {self.new.model} does not have it")
        for name, other in zip(self._names(arguments), arguments, strict=True):
            if not name:
                text = self.source.text[other.start : other.end]
                yield Note("", Consequence.UNREAD, f"{text} stays as it is")
        for violation in self.migration.remaining:
            yield Note("", Consequence.REFUSED, str(violation))
