"""Replace the classes of the SDK that a program imports and uses."""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping

from wanlib.migration.call_edits import Edit, SourceText
from wanlib.migration.source_names import SourceNames

_PACKAGE = "dashscope"
_MODULES = {
    "ImageSynthesis": "dashscope.aigc.image_synthesis",
    "ImageGeneration": "dashscope.aigc.image_generation",
}
"""Where the SDK has each class and its asynchronous twin."""
_TWIN = "Aio"


def class_edits(
    source: SourceText, tree: ast.Module, exchanged: Mapping[str, str], partly: Collection[str]
) -> Iterator[Edit]:
    """Yield the edits that replace classes in a module, and import the new ones.

    Args:
        source: The text of the module.
        tree: The module.
        exchanged: The replacement of each class.
        partly: Classes that some calls still need: their import and their other uses stay.
    """
    names = SourceNames(tree)
    replaced = {old: new for old, new in exchanged.items() if old not in partly}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and (new := replaced.get(names.class_of(node))):
            yield Edit(*source.span(node), new)
    imported = set(names.imported.values())
    missing = set(exchanged.values()) - imported
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in imports:
        here = {exchanged[alias.name] for alias in node.names if alias.name in exchanged}
        if isinstance(node, ast.ImportFrom) and here:
            yield _import_edit(source, node, replaced, here & missing)
    if not imported & exchanged.keys():  # used as `dashscope.ImageSynthesis`
        packages = (node for node in imports if any(alias.name == _PACKAGE for alias in node.names))
        if package := next(packages, None):
            _, end = source.span(package)
            yield Edit(end, end, "\n" + _lines(source, package, _imports(missing)))


def _import_edit(
    source: SourceText, node: ast.ImportFrom, gone: Collection[str], missing: Collection[str]
) -> Edit:
    """Return the edit of one import: without classes that are unused now, with those that are missing."""
    start, end = source.span(node)
    kept = [alias for alias in node.names if alias.name not in gone]
    statements = [*_imports(missing)]
    if len(kept) == len(node.names):
        statements.insert(0, source.text[start:end])
    elif kept:
        statements.insert(0, ast.unparse(ast.ImportFrom(node.module, kept, node.level)))
    if not statements and node.col_offset == 0 and source.text.startswith("\n", end):
        return Edit(start, end + 1, "")
    return Edit(start, end, _lines(source, node, statements or ["pass"]).lstrip())  # no block may be empty


def _imports(classes: Collection[str]) -> Iterator[str]:
    for name in sorted(classes):
        yield f"from {_MODULES[name.removeprefix(_TWIN)]} import {name}"


def _lines(source: SourceText, node: ast.stmt, statements: Iterable[str]) -> str:
    """Return statements on separate lines with the indentation of a statement."""
    blanks = " " * source.indentation(source.span(node)[0])
    return "\n".join(f"{blanks}{statement}" for statement in statements)
