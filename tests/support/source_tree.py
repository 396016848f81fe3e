"""Facts about Python source trees, read with `ast`: imports, sizes, class names, words and docstrings.

`tests/test_architecture.py` and `tests/test_names_and_prose.py` state the rules of this repository;
violations are injected into temporary trees to show that each check can fail.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
STDLIB = set(sys.stdlib_module_names)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class Import(NamedTuple):
    """An import statement for one module.

    Attributes:
        name: the imported module, with dots.
        is_eager: False if the import is inside a function.
        line: line number, from 1.
    """

    name: str
    is_eager: bool
    line: int


class Module:
    """A Python file below an import root.

    Args:
        path: the file.
        root: the folder that its dotted name starts from.
    """

    def __init__(self, path: Path, root: Path) -> None:
        parts = path.relative_to(root).with_suffix("").parts
        self.path = path
        self.is_package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.is_package else parts)
        self.package = self.name if self.is_package else self.name.rpartition(".")[0]
        self.text = path.read_text("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed module."""
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> list[Import]:
        """All imports, except for those that only type checkers execute."""
        lazy = _nodes_inside(self.tree, lambda node: isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
        skipped = _nodes_inside(
            self.tree, lambda node: isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        )
        return [
            Import(name, id(node) not in lazy, node.lineno)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in skipped
            for name in _imported_names(node, self.name, self.is_package)
        ]

    @cached_property
    def line_count(self) -> int:
        """Number of lines of the file."""
        return self.text.count("\n")

    @cached_property
    def docstring(self) -> str | None:
        """The docstring of the module."""
        return ast.get_docstring(self.tree)

    @cached_property
    def classes(self) -> list[str]:
        """Names of the classes at the top level of the module."""
        return [node.name for node in self.tree.body if isinstance(node, ast.ClassDef)]

    def identifiers(self) -> Iterator[tuple[str, int]]:
        """Yield each name that the module defines, with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, Definition):
                yield node.name, node.lineno
            elif isinstance(node, ast.arg):
                yield node.arg, node.lineno
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id, node.lineno
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                yield node.attr, node.lineno


def read_modules(root: Path, *packages: str) -> list[Module]:
    """Read all modules of some packages below an import root."""
    return [Module(path, root) for package in packages for path in sorted((root / package).rglob("*.py"))]


def module_graph(modules: Iterable[Module], *, eager_only: bool = True) -> dict[str, set[str]]:
    """Return for each module the modules of the same collection that it imports."""
    collection = list(modules)
    names = {module.name for module in collection}
    graph: dict[str, set[str]] = {}
    for module in collection:
        targets = {_known(entry.name, names) for entry in module.imports if entry.is_eager or not eager_only}
        graph[module.name] = {target for target in targets if target and target != module.name}
    return graph


def package_graph(modules: Iterable[Module], groups: Collection[str]) -> dict[str, set[str]]:
    """Return which groups import which, lazy imports included.

    Args:
        modules: the modules to look at.
        groups: dotted names of packages or modules. A module belongs to the longest one that it starts with.
    """
    collection = list(modules)
    graph: dict[str, set[str]] = {group: set() for group in groups}
    for name, targets in module_graph(collection, eager_only=False).items():
        own = longest_prefix(name, groups)
        if own:
            others = {longest_prefix(target, groups) for target in targets}
            graph[own] |= {other for other in others if other and other != own}
    return graph


def longest_prefix(name: str, prefixes: Iterable[str]) -> str:
    """Return the longest of some dotted names that a name equals or is inside of, or an empty string."""
    matches = [prefix for prefix in prefixes if name == prefix or name.startswith(f"{prefix}.")]
    return max(matches, key=len, default="")


def find_cycle(graph: Mapping[str, Collection[str]]) -> list[str]:
    """Return the nodes of one cycle in order, or an empty list."""
    finished: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return path[path.index(node) :]
        if node in finished:
            return []
        for target in sorted(graph.get(node, ())):
            if cycle := visit(target, [*path, node]):
                return cycle
        finished.add(node)
        return []

    for node in sorted(graph):
        if cycle := visit(node, []):
            return cycle
    return []


def oversized_packages(modules: Iterable[Module], limit: int) -> dict[str, int]:
    """Return the packages with more than `limit` modules, `__init__` not counted."""
    counts: dict[str, int] = defaultdict(int)
    for module in modules:
        counts[module.package] += not module.is_package
    return {package: count for package, count in counts.items() if count > limit}


def duplicate_classes(modules: Iterable[Module]) -> dict[str, list[str]]:
    """Return the public class names that more than one module defines, with those modules."""
    places: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        for name in module.classes:
            if not name.startswith("_"):
                places[name].append(module.name)
    return {name: modules for name, modules in places.items() if len(modules) > 1}


def forbidden_identifiers(modules: Iterable[Module], words: Collection[str]) -> list[str]:
    """Return `file:line: name` for each defined name that contains one of the words."""
    return [
        f"{module.name}:{line}: {name}"
        for module in modules
        for name, line in module.identifiers()
        if any(word.lower() in words for word in _WORD.findall(name))
    ]


def forbidden_words(modules: Iterable[Module], pattern: re.Pattern[str]) -> list[str]:
    """Return `module:line: match` for each match in the text of a module, strings and comments included."""
    return [
        f"{module.name}:{module.text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for module in modules
        for match in pattern.finditer(module.text)
    ]


def public_definitions(module: Module) -> Iterator[tuple[str, Definition]]:
    """Yield the public functions, classes and methods of a module with their qualified names."""

    def walk(body: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[str, Definition]]:
        for node in body:
            if isinstance(node, Definition) and not node.name.startswith("_"):
                yield f"{prefix}{node.name}", node
                if isinstance(node, ast.ClassDef):
                    yield from walk(node.body, f"{prefix}{node.name}.")

    yield from walk(module.tree.body, "")


def has_section(definition: Definition) -> bool:
    """Return True if a docstring has a Google section such as `Args:`."""
    text = ast.get_docstring(definition) or ""
    return re.search(r"^(Args|Returns|Raises|Attributes|Yields):$", text, re.MULTILINE) is not None


def _imported_names(node: ast.Import | ast.ImportFrom, importer: str, is_package: bool) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    parts = importer.split(".")
    base = parts[: len(parts) + is_package - node.level] if node.level else []
    module = ".".join([*base, *([node.module] if node.module else [])])
    if module:
        # `from package import module` imports the module too: the longest known name counts.
        yield from (f"{module}.{alias.name}" for alias in node.names)


def _known(name: str, names: Collection[str]) -> str:
    while name and name not in names:
        name = name.rpartition(".")[0]
    return name


def _nodes_inside(tree: ast.AST, is_outer: object) -> set[int]:
    assert callable(is_outer)
    return {id(node) for outer in ast.walk(tree) if is_outer(outer) for node in ast.walk(outer)}


@cache
def package_modules() -> list[Module]:
    """Return all modules of `wanlib`."""
    return read_modules(ROOT, "wanlib")


@cache
def harness_modules() -> list[Module]:
    """Return all modules of the harness."""
    return read_modules(ROOT / "conformance", "wan_conformance")


@cache
def all_modules() -> list[Module]:
    """Return all modules that are installed."""
    return [*package_modules(), *harness_modules()]


def handwritten() -> list[Module]:
    """Return all modules that are installed, generated code excepted."""
    return [module for module in all_modules() if ".generated" not in module.name]


def write_modules(root: Path, files: Mapping[str, str]) -> list[Module]:
    """Write modules below a folder and read them."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return read_modules(root, "wanlib")
