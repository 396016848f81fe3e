"""Adapters: a library in this process, in simulated time, instead of a command.

An adapter is a function `(order, service) -> int`: it makes the call that the order asks for, saves the
pictures in `order.out`, and returns how many there are. It raises any exception if there are none, and
`UnsupportedOrderError` if it does not offer the call. `--adapter module:factory` names a function without
arguments that returns one:

    def factory():
        def run(order, service):
            with Wan(service.key, base_url=service.base_url, clock=service.clock,
                     http_client=service.http_client()) as wan:
                ...
        return run
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from wan_conformance.conduct.orders import ClientOrder
from wan_conformance.lifecycle.clients.base import BASE_URL, KEY, CallRequest
from wan_conformance.lifecycle.clients.sdk import SdkAdapter, SdkProcess
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop
from wan_conformance.targets.working_directory import import_from_working_directory
from wanlib import AsyncWan, Wan
from wanlib.emulator import Emulator
from wanlib.emulator.transport import AsyncEmulatorTransport, EmulatorTransport
from wanlib.input_error import InputError


class UnsupportedOrderError(Exception):
    """The client does not offer what the order asks for."""


class NoPicturesError(Exception):
    """The client reports that the call has no pictures."""


class InProcessService(NamedTuple):
    """An emulator in this process.

    Attributes:
        emulator: Answers requests.
        clock: The time of client and service, which passes only while one of them sleeps.
        loop: An event loop in this time.
        base_url: Its URL.
        key: The API key.
    """

    emulator: Emulator
    clock: SimulatedClock
    loop: SimulatedEventLoop
    base_url: str = BASE_URL
    key: str = KEY

    def http_client(self) -> httpx.Client:
        """Return an HTTP client whose requests the emulator answers."""
        return httpx.Client(transport=EmulatorTransport(self.emulator, self.clock.sleep))

    def async_http_client(self) -> httpx.AsyncClient:
        """Return an asynchronous HTTP client whose requests the emulator answers."""
        return httpx.AsyncClient(transport=AsyncEmulatorTransport(self.emulator, self.clock.sleep_async))


Adapter = Callable[[ClientOrder, InProcessService], int]


def wan_adapter() -> Adapter:
    """Return an adapter of `wanlib.Wan`."""

    def run(order: ClientOrder, service: InProcessService) -> int:
        with Wan(
            service.key,
            base_url=service.base_url,
            http_client=service.http_client(),
            clock=service.clock,
            trust_env=False,
        ) as client:
            wan: Any = client
            if order.call == "stream":
                with wan.stream(**_arguments(order)) as stream:
                    for _ in stream:
                        pass
                    return len(stream.result.save(order.out))
            return len(wan.edit(**_arguments(order), via=order.call).save(order.out))

    return run


def async_wan_adapter() -> Adapter:
    """Return an adapter of `wanlib.AsyncWan`."""

    async def call(order: ClientOrder, service: InProcessService) -> int:
        async with AsyncWan(
            service.key,
            base_url=service.base_url,
            http_client=service.async_http_client(),
            clock=service.clock,
            trust_env=False,
        ) as client:
            wan: Any = client
            if order.call == "stream":
                async with await wan.stream(**_arguments(order)) as stream:
                    async for _ in stream:
                        pass
                    return len(await stream.result.save(order.out))
            return len(await (await wan.edit(**_arguments(order), via=order.call)).save(order.out))

    return lambda order, service: service.loop.run_until_complete(call(order, service))


def _arguments(order: ClientOrder) -> dict[str, Any]:
    """Return the arguments of a verb; `stream` itself sends the parameters that a streamed call needs."""
    own = {name: value for name, value in order.parameters.items() if value is not True}
    parameters = own if order.call == "stream" else order.parameters
    return {
        "model": order.model,
        "prompt": order.prompt,
        "images": list(order.images),
        "timeout": order.timeout,
        **parameters,
    }


class AdapterError(InputError, ValueError):
    """An adapter cannot be loaded; the message says why."""


def load_adapter(name: str) -> Adapter:
    """Return the adapter that `module:factory` names.

    Raises:
        AdapterError: There is none, or making it failed.
    """
    module, colon, factory = name.partition(":")
    if not colon or not all(part.isidentifier() for part in (*module.split("."), factory)):
        raise AdapterError(f"--adapter {name!r}: expected module:factory, such as my_clients:my_adapter")
    try:
        adapter: Adapter = getattr(import_from_working_directory(module), factory)()
    except Exception as error:  # a module of the user may raise anything
        raise AdapterError(f"--adapter {name!r}: {type(error).__name__}: {error}") from None
    if not callable(adapter):
        raise AdapterError(f"--adapter {name!r}: the factory returned {adapter!r}, expected a function")
    return adapter


@contextmanager
def sdk_adapter(name: str, python: Path) -> Iterator[Adapter]:
    """Yield an adapter of the official SDK whose caller saves every picture.

    Args:
        name: `pinned` or `newest`.
        python: The Python of the environment that has the SDK.

    Raises:
        SdkError: It could not be started.
    """
    process = SdkProcess(python)

    def run(order: ClientOrder, service: InProcessService) -> int:
        if order.call == "stream":
            raise UnsupportedOrderError
        caller = SdkAdapter(name, process, service.emulator, service.clock, order.out)
        request = CallRequest(order.model, order.prompt, order.images, order.parameters)
        has_results = service.emulator.spec.family(order.model).output["result"] == "results"
        create = caller.submit if order.call == "async" and not has_results else caller.edit
        outcome = create(request, order.timeout)  # `edit` waits for the task of a model without a sync call
        if outcome.kind == "handle":
            outcome = caller.wait(outcome.task_id, order.timeout)
        if outcome.kind != "result":
            raise NoPicturesError(str(outcome))
        saved = caller.save(outcome.task_id)
        if saved.is_error:
            raise NoPicturesError(str(saved))
        return saved.pictures

    try:
        yield run
    finally:
        process.close()
