"""Fixtures: a client with a scripted service, of each kind."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.socket_testbed import CONTEXT, SocketTestbed


@pytest.fixture(params=["sync", "async"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(request.param)
    yield made
    made.close()


@pytest.fixture
def async_world() -> Iterator[World]:
    made = World("async")
    yield made
    made.close()


@pytest.fixture(params=["sync", "async"])
def testbed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SocketTestbed]:
    monkeypatch.setattr(httpx, "create_ssl_context", lambda **_: CONTEXT)
    made = SocketTestbed(request.param)
    yield made
    made.close()


@pytest.fixture
def removed_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a directory that no longer exists."""
    directory = tmp_path / "gone"
    directory.mkdir()
    monkeypatch.chdir(directory)
    directory.rmdir()
