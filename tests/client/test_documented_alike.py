"""Both clients document their methods in the same words.

The texts are in each class, where editors and type checkers find them, and one cannot change alone.
"""

import inspect

import pytest

from wanlib.client.async_client import AsyncClient
from wanlib.client.sync_client import Client

SHARED = sorted(name for name in vars(Client).keys() & vars(AsyncClient).keys() if not name.startswith("_"))
OWN = {"close"}  # closing an AsyncWan also cancels its waits


@pytest.mark.parametrize("name", [name for name in SHARED if name not in OWN])
def test_a_method_has_one_documentation(name: str) -> None:
    text = inspect.getdoc(getattr(Client, name))
    assert text and text == inspect.getdoc(getattr(AsyncClient, name))


def test_the_verbs_of_both_clients_are_the_same() -> None:
    assert {"task", "tasks", "cancel", "wait", "find_lost", "resume", "get_task"} <= {*SHARED}
