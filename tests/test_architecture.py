"""The import arrows, the public names, and what an import costs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import wanlib
from wanlib import errors
from wanlib import errors as tree

ROOT = Path(__file__).parents[1]
STDLIB = set(sys.stdlib_module_names)

# part -> what it may import at the top of a module, beside itself and the standard library
ARROWS: dict[str, set[str]] = {
    "wanlib.base": set(),
    "wanlib.spec": {"wanlib.base", "yaml", "jsonschema"},
    "wanlib.emit": {"wanlib.spec", "wanlib.base", "jsonschema"},
    "wanlib.client": {"wanlib.base"},
    "wanlib.generated": {"wanlib.base", "wanlib.client"},
    "wanlib.emulator": {"wanlib.base", "wanlib.spec", "starlette", "uvicorn", "h11", "httpx"},
    "wanlib.answers": {"wanlib.base", "wanlib.client", "wanlib.generated"},
    "wanlib.limits": {"wanlib.base", "wanlib.generated"},
    "wanlib.fixing": {"wanlib.base", "wanlib.generated"},
    "wanlib.sizing": {"wanlib.base", "wanlib.generated", "wanlib.client"},
    "wanlib.errors": {"wanlib.client"},
    "wanlib.cli": {"wanlib.base", "typer", "rich"},
    "wan_conformance.judge": {"wanlib.base", "wan_conformance.model"},
    "wan_conformance.model": {"wanlib.base"},
}
# what it may import inside a function
LAZILY: dict[str, set[str]] = {
    "wanlib.cli": {"wanlib", "conformance"},
    "wanlib.emit": set(),
    "wanlib.client": {"httpx", "pybase64"},
    "wanlib.emulator": {"PIL"},
}


def modules(part: str) -> list[Path]:
    path = ROOT / part.replace(".", "/")
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module]
    return []


def imports(path: Path) -> Iterator[tuple[str, bool, int]]:
    """(module, whether at the top, line) of each import; those for type checkers alone do not count."""
    tree = ast.parse(path.read_text("utf-8"))
    inner = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(outer)
    }
    typing_only = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.If) and ast.unparse(outer.test) == "TYPE_CHECKING"
        for node in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if id(node) not in typing_only:
            for name in imported(node):
                yield name, id(node) not in inner, getattr(node, "lineno", 0)


def allowed(name: str, part: str, top: bool) -> bool:
    """`wanlib` itself loads nothing, so the commands may import it at the top for its version."""
    mine = ARROWS[part] | ({part} if top else {part} | LAZILY.get(part, set()))
    if name == "wanlib" and part == "wanlib.cli":
        return True
    known = any(name == each or name.startswith(f"{each}.") for each in mine)
    return known or name.partition(".")[0] in STDLIB


@pytest.mark.parametrize("part", ARROWS)
def test_a_part_imports_only_what_its_arrow_allows(part: str) -> None:
    files = modules(part)
    assert files and all(path.exists() for path in files)
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in files
        for name, top, line in imports(path)
        if not allowed(name, part, top)
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_of_wanlib_but_its_commands_imports_the_harness() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "wanlib").rglob("*.py")
        for name, _, _ in imports(path)
        if name.partition(".")[0] == "conformance"
    }
    assert all(user.startswith("wanlib/cli/") for user in users), users


def test_the_second_reading_and_the_emitter_do_not_know_each_other() -> None:
    for path in modules("wanlib.emit"):
        names = {name for name, _, _ in imports(path)}
        assert not names & {
            "wanlib.spec.model.predicates",
            "wanlib.spec.interpreter.decode",
            "wanlib.spec.interpreter.interpret",
        }, path


def test_the_public_names_are_these() -> None:
    assert wanlib.__all__ == [
        "AsyncOutput",
        "AsyncTask",
        "AsyncWan",
        "Bill",
        "Change",
        "CheckResult",
        "Fixed",
        "Output",
        "Picture",
        "Task",
        "Violation",
        "Wan",
        "bill",
        "check",
        "classify",
        "fix",
        "limits",
        "model",
        "pictures",
        "size",
    ]
    assert [getattr(wanlib, name).__name__ for name in wanlib.__all__] == wanlib.__all__
    with pytest.raises(
        AttributeError,
        match=r"no attribute 'chek'; it has AsyncOutput, .* check, classify, .*, size",
    ):
        wanlib.chek  # noqa: B018


def test_the_errors_are_the_whole_tree() -> None:
    told = {
        name
        for name, each in vars(tree).items()
        if isinstance(each, type) and each.__module__ == errors.__name__
    }
    assert (
        set(errors.__all__) == told == {each for each in told if getattr(errors, each) is getattr(tree, each)}
    )
    assert errors.__all__ == sorted(errors.__all__)
    raised = told - {"IgnoredParameterWarning"}
    assert all(issubclass(getattr(errors, name), errors.WanError) for name in raised)
    assert {name for name in raised if name in (errors.__doc__ or "")} == raised


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a statement loads in a fresh interpreter."""
    code = f"import sys; old = set(sys.modules); {statement}; print(*(set(sys.modules) - old), sep='\\n')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.partition(".")[0] for name in run.stdout.split()}


def test_importing_wanlib_loads_nothing_heavy() -> None:
    assert loaded_by("import wanlib") <= {"wanlib", "typing", "re", "collections"} | STDLIB
    assert "dataclasses" not in loaded_by("import wanlib")


def test_checking_a_body_loads_neither_yaml_nor_a_client() -> None:
    third_party = loaded_by("import wanlib; wanlib.check({'model': 'wan2.7-image'})") - STDLIB
    assert third_party == {"wanlib"}


def test_reading_an_answer_loads_neither_yaml_nor_a_client() -> None:
    third_party = loaded_by("import wanlib; wanlib.classify('Throttling'); wanlib.pictures({})") - STDLIB
    assert third_party == {"wanlib"}


def test_a_client_loads_neither_the_other_nor_what_only_a_type_checker_reads() -> None:
    for statement, other in (
        ("wanlib.Wan", "wanlib.generated.client_async"),
        ("wanlib.AsyncWan", "wanlib.generated.client"),
    ):
        code = f"import sys, wanlib; {statement}; print(*sys.modules)"
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
        )
        loaded = set(run.stdout.split())
        assert not loaded & {other, "wanlib.generated.parameters", "yaml", "jsonschema", "httpx"}
    assert "asyncio" not in loaded_by("import wanlib; wanlib.Wan")
