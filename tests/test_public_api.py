"""The public names, and what an import of the package costs."""

import subprocess
import sys
from inspect import signature

import pytest

import wanlib
from tests.support.source_tree import ROOT, STDLIB
from wanlib import errors


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


def test_the_errors_are_one_tree() -> None:
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and value.__module__ == errors.__name__
    }
    assert errors.__all__ == sorted(defined)
    raised = defined - {"IgnoredParameterWarning"}
    assert all(issubclass(getattr(errors, name), errors.WanError) for name in raised)
    assert {name for name in raised if name in (errors.__doc__ or "")} == raised


# What an import costs


def loaded_modules(statement: str) -> set[str]:
    """Return the names of all modules that a statement loads in a fresh interpreter."""
    code = f"import sys; old = set(sys.modules); {statement}; print(*(set(sys.modules) - old), sep='\\n')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(run.stdout.split())


def loaded_packages(statement: str) -> set[str]:
    """Return the top-level packages that a statement loads in a fresh interpreter."""
    return {name.partition(".")[0] for name in loaded_modules(statement)}


def test_a_check_loads_only_modules_that_its_body_needs() -> None:
    body = {"model": "wan2.7-image", "input": {"messages": [{"role": "user", "content": [{"text": "a"}]}]}}
    loaded = loaded_modules(f"import wanlib; assert not wanlib.check({body!r})")
    assert not {"datetime", "decimal", "dataclasses", "json", "logging"} & loaded


def test_importing_wanlib_loads_nothing_heavy() -> None:
    loaded = loaded_packages("import wanlib")
    assert loaded <= {"wanlib"} | STDLIB
    assert "dataclasses" not in loaded


@pytest.mark.parametrize(
    "statement",
    [
        "import wanlib; wanlib.check({'model': 'wan2.7-image'})",
        "import wanlib; wanlib.classify('Throttling'); wanlib.pictures({})",
    ],
)
def test_reading_bodies_and_answers_loads_no_third_party_package(statement: str) -> None:
    assert loaded_packages(statement) - STDLIB == {"wanlib"}


@pytest.mark.parametrize(
    ("statement", "other"),
    [("wanlib.Wan", "wanlib.generated.client_async"), ("wanlib.AsyncWan", "wanlib.generated.client")],
)
def test_a_client_loads_neither_the_other_client_nor_typing_only_modules(statement: str, other: str) -> None:
    loaded = loaded_modules(f"import wanlib; {statement}")
    assert not loaded & {other, "wanlib.generated.parameters", "yaml", "jsonschema", "httpx"}


def test_the_sync_client_does_not_load_asyncio() -> None:
    assert "asyncio" not in loaded_packages("import wanlib; wanlib.Wan")


@pytest.mark.parametrize("client", [wanlib.Wan, wanlib.AsyncWan])
def test_editors_show_the_type_of_every_setting(client: type) -> None:
    settings = signature(client).parameters
    assert settings["journal"].annotation == "Journal | str | PathLike[str] | None"
    assert [name for name, setting in settings.items() if "Any" in str(setting.annotation)] == []
