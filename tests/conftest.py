"""Settings of the process that runs the tests."""

import gc
import os
import re
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.disk import unsynced

# How long a test takes on a busy machine says nothing about the code. Every run draws the same examples; with
# `pytest --hypothesis-profile=default` they differ.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("any machine")


# Settings of our programs, and of the services and terminals that they react to.
_MACHINE = re.compile(
    r"(DASHSCOPE|WAN|GITHUB|RUNNER)_.*|CI|(NO|FORCE|PY)_COLORS?|CLICOLOR.*|COLUMNS|LINES|(HTTPS?|ALL|NO)_PROXY"
    r"|PYTHON(WARNINGS|OPTIMIZE|UTF8|IOENCODING)",
    re.IGNORECASE,
)


def pytest_configure() -> None:
    """Leave out what the machine sets, also for processes of tests.

    A background job of a shell ignores Ctrl-C; tests and their processes handle it.
    """
    for name in [name for name in os.environ if _MACHINE.fullmatch(name)]:
        del os.environ[name]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long tests first."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Leave the collected tests out of garbage collections, which took a tenth of the CPU time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _unsynced() -> Iterator[None]:
    """Let no test wait for the disk."""
    with unsynced():
        yield
