"""The options of one test: those of its marks `wan` and `wan_live`, of the ini file and the command line."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

import pytest

from wan_conformance.plugin.checks import check_names
from wanlib.base.urls import get_host, is_private
from wanlib.emulator import Fault, Settings
from wanlib.emulator.core.fault import parse_fault

_WAN = ("faults", "quotas", "latency", "ignore")


@dataclass(frozen=True)
class PluginOptions:
    """The options of a test for the fixtures.

    Attributes:
        settings: How the emulator behaves.
        faults: The faults of the next requests.
        ignored: The ids of the checks that are switched off.
        spec: The folder of the spec; None for the packaged one.
        base_url: A server instead of the emulator; None for the emulator.
        budget: The budget of a test of the real service; None for any other test.
    """

    settings: Settings
    faults: tuple[Fault | None, ...]
    ignored: frozenset[str]
    spec: Path | None
    base_url: str | None
    budget: Decimal | None


def read_options(node: pytest.Item) -> PluginOptions:
    """Return the options of a test. A mistake in them fails the test, with a line that says what is allowed.

    A mark of the test takes precedence over those of its class and module, argument by argument; checks are
    switched off by all of them together.
    """
    values: dict[str, Any] = {}
    ignored: list[Any] = list(node.config.getini("wan_ignore"))
    for mark in reversed(list(node.iter_markers("wan"))):
        if mark.args or not mark.kwargs.keys() <= set(_WAN):
            _refuse("@pytest.mark.wan", mark.args or mark.kwargs, f"the arguments {', '.join(_WAN)}, by name")
        values |= mark.kwargs
        ignored += _listed(mark.kwargs.get("ignore", ()))
    option = node.config.option
    return PluginOptions(
        _settings(values),
        tuple(to_fault(fault) for fault in _listed(values.get("faults", ()))),
        check_names(ignored),
        Path(option.wan_spec) if option.wan_spec else None,
        option.wan_base_url,
        _budget(node),
    )


def to_fault(fault: Any) -> Fault | None:
    """Return a fault from its text form; None lets a request pass."""
    if fault is None or isinstance(fault, Fault):
        return fault
    if not isinstance(fault, str):
        _refuse("a fault", fault, "a text such as 'cut where=before on=query', a Fault, or None")
    try:
        return parse_fault(fault)
    except ValueError as error:
        problem = str(error)
    pytest.fail(f"the fault {fault!r} cannot be used: {problem}", pytrace=False)


def _settings(values: Mapping[str, Any]) -> Settings:
    quotas, latency = values.get("quotas", False), values.get("latency", 0)
    if not isinstance(quotas, bool):
        _refuse("quotas of @pytest.mark.wan", quotas, "True or False")
    is_number = isinstance(latency, int | float) and not isinstance(latency, bool)
    if not is_number or math.isnan(latency) or latency < 0:
        _refuse("latency of @pytest.mark.wan", latency, "seconds from 0, or inf for a task that does not end")
    return Settings(waiting=latency / 2, working=latency / 2, quotas=quotas)


def _budget(node: pytest.Item) -> Decimal | None:
    mark = node.get_closest_marker("wan_live")
    if mark is None:
        return None
    budget = mark.kwargs.get("budget")
    try:
        amount = Decimal(str(budget))
        is_usable = amount.is_finite() and amount >= 0
    except InvalidOperation:
        is_usable = False
    if mark.args or mark.kwargs.keys() != {"budget"} or not is_usable:
        _refuse("@pytest.mark.wan_live", mark.args or mark.kwargs, "budget=AMOUNT, the maximum it may spend")
    return amount


def is_near(base_url: str) -> bool:
    """Return whether a server is on this machine or in a private network, so that it doesn't bill."""
    return is_private(get_host(base_url) or "")


def _listed(value: Any) -> list[Any]:
    """Return one value or several as a list."""
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _refuse(place: str, value: Any, allowed: str) -> NoReturn:
    pytest.fail(f"{place} is {value!r}; allowed: {allowed}", pytrace=False)
