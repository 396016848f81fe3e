"""Clients that live by a table: the emitter's own words for it, read as Python reads the generated file."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from conformance.lifecycle.table.mutants import Mutant
from wanlib import AsyncWan, Wan
from wanlib.emit.calls import calls
from wanlib.runtime.tables import Api
from wanlib.spec import Spec


def api_of(spec: Spec) -> Api:
    """What the client would know of the API, were it generated from this spec."""
    return _read(calls(spec))


@cache
def _read(text: str) -> Api:
    found: dict[str, Any] = {}
    exec(compile(text, "<wanlib emit>", "exec"), found)
    api: Api = found["API"]
    return api


@contextmanager
def living_by(mutant: Mutant) -> Iterator[None]:
    """Makes every client that is made inside live by a mutant."""
    api = api_of(mutant.spec)
    changes = [(Wan, "_api", api), (AsyncWan, "_api", api), *([mutant.code] if mutant.code else ())]
    before = [(where, name, getattr(where, name)) for where, name, _ in changes]
    try:
        for where, name, value in changes:
            setattr(where, name, value)
        yield
    finally:
        for where, name, value in before:
            setattr(where, name, value)
