"""The rules of CONTRIBUTING.md about imports and the size of modules.

Each rule is a function of `tests/support/source_tree.py`; the last part of this file injects a violation of
each in a temporary tree and shows that it is found. The rules of names and prose are in
`test_names_and_prose.py`.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.support.source_tree import (
    STDLIB,
    Module,
    all_modules,
    find_cycle,
    handwritten,
    harness_modules,
    longest_prefix,
    module_graph,
    oversized_packages,
    package_graph,
    package_modules,
    write_modules,
)

MAX_MODULES = 12
MAX_LINES = 400

# part -> what it may import at the top of a module, beside itself and the standard library
ARROWS: dict[str, set[str]] = {
    "wanlib.base": set(),
    "wanlib.extras": set(),
    "wanlib.input_error": set(),
    "wanlib.plain_yaml": {"yaml"},
    "wanlib.errors": {"wanlib.base"},
    "wanlib.validation": {"wanlib.base"},
    "wanlib.spec": {
        "wanlib.base",
        "wanlib.extras",
        "wanlib.input_error",
        "wanlib.plain_yaml",
        "wanlib.validation",
        "yaml",
        "jsonschema",
    },
    "wanlib.emit": {"wanlib.spec", "wanlib.base", "wanlib.extras", "jsonschema"},
    "wanlib.client": {"wanlib.base", "wanlib.errors", "wanlib.extras", "wanlib.validation"},
    "wanlib.client.network": {"wanlib.base", "wanlib.client", "httpx", "httpcore"},
    "wanlib.generated": {"wanlib.base", "wanlib.client", "wanlib.errors", "wanlib.validation"},
    "wanlib.conduct": {"wanlib.base", "wanlib.spec"},
    "wanlib.emulator": {
        "wanlib.base",
        "wanlib.conduct",
        "wanlib.extras",
        "wanlib.spec",
        "wanlib.validation",
        "starlette",
        "uvicorn",
        "httpx",
    },
    "wanlib.answers": {"wanlib.base", "wanlib.client", "wanlib.errors", "wanlib.generated"},
    "wanlib.limits": {"wanlib.base", "wanlib.errors", "wanlib.generated"},
    "wanlib.fixing": {"wanlib.base", "wanlib.generated", "wanlib.validation"},
    "wanlib.sizing": {
        "wanlib.base",
        "wanlib.client",
        "wanlib.errors",
        "wanlib.generated",
        "wanlib.validation",
    },
    "wanlib.types": set(),
    "wanlib.private_spec": {"wanlib.base", "wanlib.errors"},
    "wanlib.boundary": {"wanlib.base", "wanlib.spec"},
    "wanlib.diff": {
        "wanlib.base",
        "wanlib.boundary",
        "wanlib.input_error",
        "wanlib.spec",
        "wanlib.validation",
    },
    "wanlib.migration": {"wanlib.base", "wanlib.boundary", "wanlib.diff", "wanlib.spec", "wanlib.validation"},
    "wanlib.scale": {"wanlib.base", "wanlib.extras", "wanlib.input_error"},
    "wanlib.cli": {
        "wanlib.base",
        "wanlib.extras",
        "wanlib.input_error",
        "wanlib.scale",
        "wanlib.validation",
        "typer",
        "rich",
    },
    "wan_conformance.judge": {"wanlib.base", "wanlib.boundary", "wan_conformance.model"},
    "wan_conformance.model": {"wanlib.base", "wanlib.boundary", "wanlib.spec"},
}
# what it may import inside a function
LAZY_ARROWS: dict[str, set[str]] = {
    "wanlib.cli": {"orjson", "wanlib"},
    "wanlib.types": {"wanlib"},
    "wanlib.client": {"httpx", "PIL", "pybase64", "wanlib.private_spec"},  # the latter for `Wan(spec=...)`
    "wanlib.private_spec": {"wanlib.emit", "wanlib.spec"},
    "wanlib.boundary": {"PIL"},
    "wanlib.scale": {"joblib", "distributed"},
    "wanlib.emulator": {"PIL"},
}

# Layers inside the large packages: layer -> layers of the same package that it may import, lazily too.
# A module beside sub-packages is a separate layer only where it is named here; the rest of them
# are the layer with the name of the package.
LAYERS: dict[str, dict[str, set[str]]] = {
    "wanlib.client": {
        "": {"batch", "call", "tasks", "results", "drivers", "images", "protocol", "http"},
        "batch": {"tasks", "call", "results", "protocol", "journal"},
        "drivers": {"tasks", "protocol", "network", "http"},
        "tasks": {"call", "results", "images", "protocol", "journal", "http"},
        "call": {"images", "protocol", "http"},
        "results": {"protocol", "http"},
        "images": {"protocol", "http"},
        "protocol": {"journal", "http"},
        "network": {"http"},
        "journal": set(),
        "http": set(),
    },
    "wanlib.emulator": {
        "server": {"admin", "", "context", "core"},
        "admin": {"", "context", "jobs", "core"},
        "": {"recording", "api", "context", "jobs", "storage", "core"},
        "recording": {"context", "jobs", "core"},
        "api": {"context", "jobs", "storage", "core"},
        "context": {"jobs", "storage", "core"},
        "storage": {"jobs", "core"},
        "jobs": {"core"},
        "core": set(),
    },
    "wanlib.spec": {
        "": {"load", "interpreter", "model"},
        "new_model": {"lint", "load", "model", "source"},
        "lint": {"load", "model", "source"},
        "revisions": {"load", "mutations", "model", "source"},
        "mutations": {"model"},
        "load": {"build", "tables", "model", "source"},
        "interpreter": {"model"},
        "build": {"model", "source"},
        "tables": {"model", "source"},
        "source": {"model"},
        "model": set(),
    },
    "wanlib.emit": {
        "": {"output", "schema", "python_text"},
        "output": {"client", "validator", "python_text"},
        "in_memory": {"client", "validator"},
        "own_package": {"output", "validator"},
        "client": {"validator", "python_text"},
        "validator": {"python_text"},
        "schema": set(),
        "python_text": set(),
    },
    "wanlib.cli": {
        "": {"app", "errors"},
        "app": {"commands", "options", "errors", "output"},
        "commands": {
            "options",
            "body_checks",
            "call_errors",
            "errors",
            "file_conflicts",
            "input_files",
            "job_files",
            "line_shards",
            "output",
            "shard_text",
            "strict_json",
        },
        "line_shards": {"body_checks", "errors", "input_files", "shard_text", "strict_json"},
        "body_checks": {"errors", "input_files", "strict_json"},
        "job_files": {"options", "errors", "input_files", "strict_json"},
        "call_errors": {"options", "errors", "file_conflicts", "output"},
        "options": {"errors", "output", "input_files", "strict_json"},
        "output": {"errors"},
        "file_conflicts": {"errors"},
        "input_files": {"errors", "strict_json"},
        "errors": set(),
        "shard_text": set(),
        "strict_json": set(),
    },
    "wan_conformance": {
        "__main__": {"cli"},
        "plugin": {"engine", "report", "targets", "strategies", "judge", "selection", "errors", "model"},
        "cli": {
            "engine",
            "report",
            "targets",
            "conduct",
            "lifecycle",
            "live",
            "selection",
            "shards",
            "errors",
            "model",
        },
        "shards": {"conduct", "engine"},
        "live": {"engine", "report", "targets", "strategies", "errors", "model"},
        "conduct": {"lifecycle", "pictures", "targets"},
        "lifecycle": {"engine", "model"},
        "parity": {"engine", "targets", "strategies", "model"},
        "engine": {
            "targets",
            "strategies",
            "report",
            "judge",
            "selection",
            "gates",
            "errors",
            "model",
        },
        "targets": {"strategies", "judge", "errors", "model", "pictures", "response_schema"},
        "strategies": {"model"},
        "report": {"judge", "selection", "gates", "model"},
        "selection": {"model"},
        "gates": {"model"},
        "judge": {"model"},
        "pictures": set(),
        "response_schema": set(),
        "errors": set(),
        "model": set(),
    },
    "wan_conformance.lifecycle": {
        "schedules": {"invariants", "clients", "simulation"},
        "stateful": {"invariants", "schedules", "clients", "simulation"},
        "mutation": {"invariants", "schedules", "clients", "simulation"},
        "crash": {"invariants", "clients", "simulation"},
        "load": {"invariants", "clients", "simulation"},
        "invariants": {"clients", "simulation"},
        "clients": {"simulation"},
        "simulation": set(),
    },
}

# Arrows


def foreign_imports(modules: Iterable[Module], part: str) -> list[str]:
    """Return `module:line: import` for each import of a part that its arrow does not allow."""
    own = {part, *ARROWS[part]}
    lazily = own | LAZY_ARROWS.get(part, set())
    return [
        f"{module.name}:{entry.line}: {entry.name}"
        for module in modules
        if longest_prefix(module.name, ARROWS) == part
        for entry in module.imports
        if entry.name.partition(".")[0] not in STDLIB
        and not longest_prefix(entry.name, own if entry.is_eager else lazily)
    ]


@pytest.mark.parametrize("part", ARROWS)
def test_a_part_imports_only_in_the_allowed_direction(part: str) -> None:
    assert any(longest_prefix(module.name, [part]) for module in all_modules())
    wrong = foreign_imports(all_modules(), part)
    if part == "wanlib.cli":  # `wanlib` itself loads nothing, so the commands may import it for its version
        wrong = [line for line in wrong if not re.search(r": wanlib(\.__version__)?$", line)]
    assert not wrong, "\n".join(wrong)


def wrong_layers(modules: Iterable[Module], package: str, layers: Mapping[str, set[str]]) -> list[str]:
    """Return `layer -> layer` for each import inside a package that its layers do not allow."""
    groups = {f"{package}.{layer}" if layer else package: layer for layer in layers}
    graph = package_graph(modules, groups)
    return [
        f"{package}: {layer or 'top'} -> {groups[target] or 'top'}"
        for group, layer in groups.items()
        for target in sorted(graph[group])
        if groups[target] not in layers[layer]
    ]


@pytest.mark.parametrize("package", LAYERS)
def test_the_layers_of_a_package_point_one_way(package: str) -> None:
    wrong = wrong_layers(all_modules(), package, LAYERS[package])
    assert not wrong, "\n".join(wrong)
    assert not find_cycle(LAYERS[package])


def test_no_modules_import_each_other() -> None:
    assert find_cycle(module_graph(package_modules())) == []
    assert find_cycle(module_graph(harness_modules())) == []


def test_wanlib_does_not_import_the_harness() -> None:
    users = [
        f"{module.name}:{entry.line}"
        for module in package_modules()
        for entry in module.imports
        if entry.name.partition(".")[0] == "wan_conformance"
    ]
    assert not users, users


def test_the_second_reading_and_the_emitter_are_independent() -> None:
    second_reading = {
        "wanlib.spec.model.predicates",
        "wanlib.spec.interpreter.decode",
        "wanlib.spec.interpreter.interpret",
    }
    graph = module_graph(package_modules(), eager_only=False)
    assert second_reading <= graph.keys()
    for name, targets in graph.items():
        if name.startswith("wanlib.emit"):
            assert not targets & second_reading, name


# Sizes


def test_no_package_has_too_many_modules() -> None:
    assert oversized_packages(all_modules(), MAX_MODULES) == {}


def test_no_module_is_too_long() -> None:
    assert {module.name: module.line_count for module in handwritten() if module.line_count > MAX_LINES} == {}


# Each rule finds an injected violation


def test_a_forbidden_import_is_found(tmp_path: Path) -> None:
    modules = write_modules(
        tmp_path,
        {
            "wanlib/base/text.py": "import re\n\n\ndef f():\n    from wanlib.spec import load\n",
            "wanlib/client/core.py": "import httpx\n\n\ndef f():\n    import httpx\n",
            "wanlib/emulator/context.py": "if TYPE_CHECKING:\n    from wanlib.client import core\n",
        },
    )
    assert foreign_imports(modules, "wanlib.base") == ["wanlib.base.text:5: wanlib.spec.load"]
    assert foreign_imports(modules, "wanlib.client") == ["wanlib.client.core:1: httpx"]
    assert foreign_imports(modules, "wanlib.emulator") == []


def test_an_import_of_a_higher_layer_is_found(tmp_path: Path) -> None:
    modules = write_modules(
        tmp_path,
        {
            "wanlib/client/core.py": "from wanlib.client.http import messages\n",
            "wanlib/client/http/messages.py": "def f():\n    from wanlib.client.core import Core\n",
            "wanlib/client/tasks/poller.py": "import wanlib.client.http.messages\n",
        },
    )
    layers = LAYERS["wanlib.client"]
    assert wrong_layers(modules, "wanlib.client", layers) == ["wanlib.client: http -> top"]


def test_a_cycle_is_found(tmp_path: Path) -> None:
    modules = write_modules(
        tmp_path,
        {
            "wanlib/a.py": "from wanlib.b import x\n",
            "wanlib/b.py": "from wanlib import c\n",
            "wanlib/c.py": "import wanlib.a\n",
            "wanlib/d.py": "import wanlib.a\n",
        },
    )
    assert find_cycle(module_graph(modules)) == ["wanlib.a", "wanlib.b", "wanlib.c"]
    assert find_cycle({"a": ["b"], "b": ["c"], "c": []}) == []


def test_a_package_and_a_module_that_are_too_large_are_found(tmp_path: Path) -> None:
    files = {f"wanlib/many/m{number}.py": "x = 1\n" for number in range(MAX_MODULES + 1)}
    modules = write_modules(tmp_path, files | {"wanlib/many/__init__.py": "x = 1\n" * (MAX_LINES + 1)})
    assert oversized_packages(modules, MAX_MODULES) == {"wanlib.many": MAX_MODULES + 1}
    assert oversized_packages(modules, MAX_MODULES + 1) == {}
    assert [module.name for module in modules if module.line_count > MAX_LINES] == ["wanlib.many"]
