"""The pytest plugin: clients on an emulator in the test's process, and conformance as pytest items.

pytest imports this module in every run, so it imports nothing of ours: fixtures and options load
`wan_conformance.plugin` when they are used. `docs/pytest.md` describes them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_conformance.plugin.emulator import WanEmulator
    from wan_conformance.plugin.server import WanServer
    from wan_conformance.plugin.session import PluginSession
    from wan_conformance.plugin.strategies import WanStrategies

    from wanlib import AsyncWan, Wan

_KEY = "DASHSCOPE_API_KEY"
_MARKERS = (
    "wan(faults, quotas, latency, ignore): the emulator of the fixtures of wanlib: faults for the next "
    "requests, whether rate limits apply, seconds that a task takes, and the checks that are switched off",
    "wan_live(budget): uses the real service and may spend this amount; skipped without " + _KEY,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the ini setting."""
    group = parser.getgroup("wanlib", "Wan image models")
    group.addoption("--wan-spec", metavar="DIR", help="The folder of a spec; without it the packaged one.")
    group.addoption(
        "--wan-base-url",
        metavar="URL",
        help="A server for the fixtures 'wan' and 'async_wan' and for --wan-conformance, instead of the"
        " emulator.",
    )
    group.addoption(
        "--wan-conformance",
        action="store_true",
        help="Collect the conformance run: an item for each rule and target.",
    )
    group.addoption(
        "--wan-target",
        metavar="TARGET",
        action="append",
        default=[],
        help="Only this target of --wan-conformance. Repeat for more targets.",
    )
    parser.addini("wan_ignore", "Checks of the fixtures of wanlib that are switched off.", type="linelist")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and the collection of conformance items on request."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    if config.option.wan_conformance:
        if problem := _missing_packages():
            raise pytest.UsageError(f"--wan-conformance: {problem}")
        from wan_conformance.plugin.items import register

        register(config)
    elif config.option.wan_target:
        raise pytest.UsageError("--wan-target needs --wan-conformance")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests of the real service if there is no key."""
    if item.get_closest_marker("wan_live") and not os.environ.get(_KEY, "").strip():
        pytest.skip(f"the test uses the real service and {_KEY} is not set")


def _missing_packages() -> str | None:
    """Return installation advice if a package of the extra `pytest` is missing; None if none is."""
    from wanlib.extras import require

    try:
        require("pytest", "yaml", "jsonschema", "PIL", "starlette", "uvicorn", "hypothesis")
    except ModuleNotFoundError as error:
        return str(error)
    return None


@pytest.fixture
def _wan_session(request: pytest.FixtureRequest) -> Iterator[PluginSession]:
    """The shared state of the fixtures of one test."""
    if problem := _missing_packages():
        pytest.fail(problem, pytrace=False)
    from wan_conformance.plugin.session import open_session

    with open_session(request) as session:
        yield session


@pytest.fixture
def wan(_wan_session: PluginSession) -> Wan:
    """A `Wan` on the emulator of this test; its waits advance the clock that both share."""
    return _wan_session.client()


@pytest.fixture
def async_wan(_wan_session: PluginSession) -> AsyncWan:
    """An `AsyncWan` on the emulator of this test; its waits advance the clock that both share."""
    return _wan_session.async_client()


@pytest.fixture
def wan_emulator(_wan_session: PluginSession) -> WanEmulator:
    """The emulator of this test: `advance(hours=24)`, `tasks`, `ledger`, `faults`, `requests`."""
    return _wan_session.emulator


@pytest.fixture
def wan_server(_wan_session: PluginSession, monkeypatch: pytest.MonkeyPatch) -> WanServer:
    """The emulator of this test on a loopback port, for clients in any language.

    Sets `DASHSCOPE_HTTP_BASE_URL` and `DASHSCOPE_API_KEY`. Where the environment names a proxy, it also sets
    `NO_PROXY`, so that other processes reach the port. From here on, the clock also advances on its own.
    """
    return _wan_session.serve(monkeypatch.setenv)


@pytest.fixture(scope="session")
def wan_strategies(pytestconfig: pytest.Config) -> WanStrategies:
    """Hypothesis strategies for requests: `valid(model)`, `breaking(rule)`, `mutated()`."""
    if problem := _missing_packages():
        pytest.fail(problem, pytrace=False)
    from wan_conformance.plugin.strategies import open_strategies

    return open_strategies(pytestconfig)


def __getattr__(name: str) -> Any:
    """Return the types of the fixtures, for annotations."""
    modules = {"WanEmulator": "emulator", "WanServer": "server", "WanStrategies": "strategies"}
    if name not in modules:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"wan_conformance.plugin.{modules[name]}"), name)
