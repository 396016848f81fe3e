"""`PluginSession`: the emulator, clock and clients of one test, and the checks of its conduct."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

import httpx
import pytest

from wan_conformance.plugin.checks import (
    HAS_A_DEADLINE,
    LoopGuard,
    SecretLogHandler,
    conduct_findings,
    log_findings,
)
from wan_conformance.plugin.clock import SharedClock
from wan_conformance.plugin.emulator import WanEmulator
from wan_conformance.plugin.options import PluginOptions, is_near, read_options
from wan_conformance.plugin.server import WanServer, proxy_exception
from wan_conformance.plugin.transport import AsyncGuardedTransport, GuardedTransport
from wanlib import AsyncWan, Wan
from wanlib.base.urls import get_host
from wanlib.emulator import Emulator
from wanlib.errors import ConfigurationError
from wanlib.spec import load
from wanlib.spec.model.errors import SpecError

API_KEY = "sk-of-the-emulator-of-a-test"
KEY_VARIABLE, URL_VARIABLE = "DASHSCOPE_API_KEY", "DASHSCOPE_HTTP_BASE_URL"
Made = TypeVar("Made")
_FAILED = pytest.StashKey[bool]()
_OUTCOMES = "wanlib-outcomes"


class PluginSession:
    """The shared state of the fixtures of one test."""

    def __init__(self, options: PluginOptions, closing: ExitStack) -> None:
        """Create a session; the emulator starts when a fixture needs it.

        Args:
            options: The options of the test.
            closing: Closes what the session opens, if it is not closed before.
        """
        self.clock = SharedClock()
        self._options = options
        self._closing = closing
        self._clients = ExitStack()  # and the server
        self._spec = _usable("--wan-spec", load, options.spec)

    @cached_property
    def _service(self) -> Emulator:
        settings = replace(self._options.settings, keys={API_KEY: self._spec.wire["default_region"]})
        emulator = Emulator(self._spec, clock=self.clock, settings=settings)
        emulator.faults.queue(self._options.faults)
        self._closing.callback(emulator.close)
        self._closing.callback(self.close_clients)
        return emulator

    @property
    def _is_remote(self) -> bool:
        return self._options.base_url is not None or self._options.budget is not None

    @cached_property
    def emulator(self) -> WanEmulator:
        """The emulator. A test that has a server instead is skipped."""
        if self._is_remote:
            pytest.skip("the test needs the emulator, but it runs on a server")
        return WanEmulator(self._service, self.clock)

    @cached_property
    def _on_request(self) -> LoopGuard:
        is_checked = HAS_A_DEADLINE not in self._options.ignored
        return LoopGuard(self._service, is_checked)

    def client(self) -> Wan:
        """Return a client, which is closed at the end of the test."""
        if self._is_remote:
            client = _usable("the client", Wan, **self._remote_arguments())
        else:
            transport = GuardedTransport(self._service, self.clock.sleep, self._on_request)
            client = Wan(**self._arguments(), http_client=httpx.Client(transport=transport))
        self._clients.callback(client.close)
        return client

    def async_client(self) -> AsyncWan:
        """Return a client for asyncio. Its connections are in memory and need no closing."""
        if self._is_remote:
            return _usable("the client", AsyncWan, **self._remote_arguments())
        transport = AsyncGuardedTransport(self._service, self.clock.sleep_async, self._on_request)
        return AsyncWan(**self._arguments(), http_client=httpx.AsyncClient(transport=transport))

    def serve(self, set_variable: Callable[[str, str], None]) -> WanServer:
        """Serve the emulator on a loopback port, and let its clock run.

        Args:
            set_variable: Called with the name and value of each environment variable.
        """
        from wanlib.emulator.server.serve import run_in_thread

        emulator = self.emulator
        self.clock.run()
        url = self._clients.enter_context(run_in_thread(self._service))
        base_url = url + self._spec.wire["base_path"]
        set_variable(URL_VARIABLE, base_url)
        set_variable(KEY_VARIABLE, API_KEY)
        for name, hosts in proxy_exception(url, os.environ).items():
            set_variable(name, hosts)
        return WanServer(url, base_url, API_KEY, emulator)

    def close_clients(self) -> None:
        """Close the clients and the server, so that nothing more is sent."""
        self._clients.close()

    def log_handler(self) -> SecretLogHandler:
        """Return a handler that looks for the secrets of this session."""
        key = os.environ.get(KEY_VARIABLE, "") if self._is_remote else API_KEY
        return SecretLogHandler(key, self._spec.service["names"]["form"]["signature"])

    def findings(self, log: SecretLogHandler) -> Iterator[str]:
        """Yield a text for each breach of a rule of conduct.

        Args:
            log: Has seen the log records of the test.
        """
        ignored = self._options.ignored
        if not self._is_remote:
            yield from conduct_findings(self._service.record(), self._spec, ignored)
        yield from log_findings(log, self._spec, ignored)

    def _arguments(self) -> dict[str, Any]:
        region = self._spec.wire["regions"][self._spec.wire["default_region"]]
        base_url = region["host"] + self._spec.wire["base_path"]
        return {"api_key": API_KEY, "base_url": base_url, "clock": self.clock, "spec": self._options.spec}

    def _remote_arguments(self) -> dict[str, Any]:
        key = os.environ.get(KEY_VARIABLE) or API_KEY
        options = self._options
        if options.budget is None and options.base_url is not None and not is_near(options.base_url):
            pytest.fail(
                f"the server of --wan-base-url, {get_host(options.base_url)}, may bill: mark the test with"
                " @pytest.mark.wan_live(budget=AMOUNT), or name a server on this machine or in a private"
                " network",
                pytrace=False,
            )
        return {"api_key": key, "base_url": options.base_url, "budget": options.budget, "spec": options.spec}


def _usable(place: str, make: Callable[..., Made], *arguments: Any, **named: Any) -> Made:
    """Return the result of a function. A mistake in an option fails the test with one line."""
    try:
        return make(*arguments, **named)
    except (SpecError, ConfigurationError) as error:
        problem = f"{place}: {error}"
    pytest.fail(problem, pytrace=False)


class OutcomeRecorder:
    """Remember which tests did not pass: their conduct is not judged, since they ended early."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Record the outcome of one phase."""
        report = yield
        if not report.passed:
            item.stash[_FAILED] = True
        return report


@contextmanager
def open_session(request: pytest.FixtureRequest) -> Iterator[PluginSession]:
    """Open the session of a test, and judge the conduct of the test at the end if it has passed."""
    item = request.node
    item.stash[_FAILED] = False
    plugins = item.config.pluginmanager
    if not plugins.has_plugin(_OUTCOMES):
        plugins.register(OutcomeRecorder(), _OUTCOMES)
    with ExitStack() as closing:
        session = PluginSession(read_options(item), closing)
        log = session.log_handler()
        closing.enter_context(log.attached())
        yield session
        session.close_clients()
        if not item.stash[_FAILED] and (found := list(session.findings(log))):
            pytest.fail("\n\n".join(found), pytrace=False)
