"""The names to which generated code refers, so that two emissions can be compared."""

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MARK = "PWN"
"""A name that occurs in no spec; generated code that uses it runs the text of a spec."""

_BUILTINS = frozenset({"bool"})
"""Builtins that the emitters use for other specs than the packaged one."""
_DERIVED = re.compile(r"_NOT_[A-Z0-9_]+|_[A-Z0-9_]+_PLAIN|(?:Async)?[A-Z][a-z0-9][A-Za-z0-9]*")
"""Functions that are made from the limits of a rule, and classes of models."""


@dataclass
class CodeNames:
    """The names that code uses.

    Attributes:
        free: Names that are read and not bound in their module: builtins.
        bound: Names that are bound: variables, parameters, functions, classes, imports.
        attributes: Names behind a dot.
        keywords: Names of keyword arguments.
        modules: Modules that are imported.
        called: Names and attributes that are called.
        comments: Comments.
        docstrings: Texts that are statements.
    """

    free: set[str] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    keywords: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    comments: set[str] = field(default_factory=set)
    docstrings: set[str] = field(default_factory=set)

    def add(self, text: str, *, with_comments: bool = True) -> None:
        """Add what a module refers to. Raise SyntaxError for text that is not a module.

        Args:
            text: The module.
            with_comments: Whether to add its comments, which takes most of the time.
        """
        compile(text, "generated", "exec", dont_inherit=True)
        read: set[str] = set()
        bound: set[str] = set()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Name):
                (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
            elif isinstance(node, ast.arg):
                bound.add(node.arg)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                bound.add(node.name)
            elif isinstance(node, ast.Attribute):
                self.attributes.add(node.attr)
            elif isinstance(node, ast.keyword) and node.arg:
                self.keywords.add(node.arg)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self.modules |= {node.module or ""} if isinstance(node, ast.ImportFrom) else set()
                self.modules |= (
                    {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
                )
                bound |= {alias.asname or alias.name for alias in node.names}
            elif isinstance(node, ast.Call):
                called = node.func
                if isinstance(called, ast.Name):
                    self.called.add(called.id)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                self.docstrings.add(str(node.value.value))
        self.bound |= bound
        self.free |= read - bound
        if not with_comments:
            return
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        self.comments |= {token.string for token in tokens if token.type == tokenize.COMMENT}


def names_of(texts: Iterable[str]) -> CodeNames:
    """Return what modules refer to, together."""
    names = CodeNames()
    for text in texts:
        names.add(text)
    return names


def foreign_names(texts: Mapping[str, str], ours: CodeNames, clean: Mapping[str, str]) -> list[str]:
    """Return what changed modules refer to and the clean ones do not, as far as it is not derived.

    A derived name is a local, a constant or a class: bound in the module, with the text reduced to letters,
    digits and `_`. What is called must be a name of the clean modules, or such a constant.

    Args:
        texts: The modules that were generated from the changed spec.
        ours: The names to which the clean modules refer.
        clean: The clean modules.
    """
    found = CodeNames()
    for name, text in texts.items():
        if text != clean.get(name):
            # Without another `#` there is no new comment.
            found.add(text, with_comments=text.count("#") != clean.get(name, "").count("#"))
    foreign = {
        "free name": found.free - ours.free - ours.bound - _BUILTINS,
        "attribute": found.attributes - ours.attributes,
        "module": found.modules - ours.modules,
        "keyword": found.keywords - ours.keywords,
        "bound name": {name for name in found.bound - ours.bound if name in (MARK, *dir(builtins))},
        "called name": {name for name in found.called - ours.called if not _DERIVED.fullmatch(name)}
        - _BUILTINS,
        "comment": found.comments - ours.comments,
        "docstring": {text for text in found.docstrings - ours.docstrings if not _is_harmless(text)},
    }
    return [f"{kind} {name!r}" for kind, names in foreign.items() for name in sorted(names)]


def _is_harmless(docstring: str) -> bool:
    """Return whether a docstring names models and nothing that could end it."""
    return docstring.isprintable() and not {*"\"'\\{}()"} & {*docstring}
