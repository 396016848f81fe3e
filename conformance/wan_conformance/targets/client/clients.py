"""The two clients as targets, with a fake service (respx) in place of the network."""

import asyncio
import weakref
from functools import partial
from typing import Any

import httpx

from wan_conformance.targets.client.target import ClientTarget
from wan_conformance.targets.client.verb_call import VerbCall, perform, result_of, with_local_images
from wan_conformance.targets.package import PACKAGED, ClientPackage
from wanlib.spec import Spec


class SyncClientTarget(ClientTarget):
    """`Wan`. An asynchronous call is submitted and not awaited; images are passed as texts."""

    workspace = None

    def __init__(self, spec: Spec, package: ClientPackage = PACKAGED) -> None:
        super().__init__(spec, package.target_name("client"))
        http = httpx.Client(transport=self._service.transport(False))
        self._create = partial(package.wan, http_client=http, **self._settings)

    def _perform(self, call: VerbCall, arguments: dict[str, Any]) -> None:
        perform(self._client(call), call, arguments)


class AsyncClientTarget(ClientTarget):
    """`AsyncWan`. An asynchronous call is awaited to its end; data URIs are passed as bytes."""

    workspace = "llm-harness"

    def __init__(self, spec: Spec, package: ClientPackage = PACKAGED) -> None:
        super().__init__(spec, package.target_name("client_async"))
        self._loop = asyncio.new_event_loop()
        weakref.finalize(self, self._loop.close)
        http = httpx.AsyncClient(transport=self._service.transport(True))
        self._create = partial(package.async_wan, http_client=http, **self._settings)

    def _with_image_inputs(self, call: VerbCall) -> VerbCall:
        return with_local_images(call)

    def _perform(self, call: VerbCall, arguments: dict[str, Any]) -> None:
        awaitable = (
            self._stream(call, arguments)
            if call.call == "stream"
            else result_of(self._client(call), call, arguments)
        )
        self._loop.run_until_complete(awaitable)

    async def _stream(self, call: VerbCall, arguments: dict[str, Any]) -> None:
        wan = self._client(call)
        async with await wan.stream(call.model, call.prompt, images=call.images, **arguments) as stream:
            async for _ in stream:
                pass
