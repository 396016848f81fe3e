"""The async client under its typed face: verbs in, results out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import cached_property
from pathlib import Path
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from wanlib.runtime.clock import Clock, RealClock
from wanlib.runtime.context import make_context
from wanlib.runtime.errors import OutcomeUnknown, WanError
from wanlib.runtime.tables import Api
from wanlib.runtime.wire import checked_http, make_http

if TYPE_CHECKING:  # what calls need is loaded by the first of them: a client that is only made starts faster
    from wanlib.runtime.core import Core
    from wanlib.runtime.drive_async import AsyncDriver
    from wanlib.runtime.outputs import AsyncOutput
    from wanlib.runtime.paid import Paid
    from wanlib.runtime.prepared import Prepared
    from wanlib.runtime.result import Result
    from wanlib.runtime.resume import Resumed
    from wanlib.runtime.snapshot import Listed, Snapshot
    from wanlib.runtime.streams_async import AsyncStream
    from wanlib.runtime.tasks import AsyncTask
    from wanlib.runtime.watch import Told


class AsyncClient:
    """A client of the API. One is enough for a program; its event loop is asyncio's.

    api_key: else DASHSCOPE_API_KEY. region: of the key. workspace: its id, for a workspace's own host.
    base_url: another address, else DASHSCOPE_HTTP_BASE_URL. budget: the most that this client may spend,
    in the currency of the prices. journal: the path of a file that keeps every paid call, for `resume`.
    upload: local images go through the temporary upload instead of base64. file_urls: whether strings
    that begin with file:// are read; False for a service that passes on strings of strangers. proxy,
    trust_env: as httpx has them. http_client: an httpx.AsyncClient of one's own, which is not closed here.
    parallel: the most exchanges under way at once for one call. clock, random: time and chance, for tests.

    Raises BadSetting, JournalError.
    """

    _api: ClassVar[Api]

    def __init__(
        self,
        api_key: str | None = None,
        *,
        region: str = "beijing",
        workspace: str | None = None,
        base_url: str | None = None,
        budget: Any = None,
        journal: Any = None,
        upload: bool = False,
        file_urls: bool = True,
        proxy: str | None = None,
        trust_env: bool = True,
        http_client: Any = None,
        parallel: int = 8,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        self._context = make_context(
            self._api,
            api_key=api_key,
            region=region,
            workspace=workspace,
            base_url=base_url,
            budget=budget,
            journal=journal,
            clock=clock or RealClock(),
            random=random or Random(),
        )
        self._upload, self._file_urls, self._parallel = upload, file_urls, parallel
        self._own = http_client is None
        self._http = (
            make_http("AsyncClient", proxy, trust_env)
            if self._own
            else checked_http(http_client, "AsyncClient")
        )

    @cached_property
    def _core(self) -> Core:
        from wanlib.runtime.core import Core

        return Core(self._context, upload=self._upload, file_urls=self._file_urls)

    @cached_property
    def _driver(self) -> AsyncDriver:
        from wanlib.runtime.drive_async import AsyncDriver

        return AsyncDriver(self._http, self._context, self._parallel, self._own)

    @property
    def spent(self) -> Any:
        """What this client has spent so far, a Decimal: results that came, and calls that may be billed."""
        return self._context.purse.spent

    def task(self, task_id: str, model: str | None = None) -> AsyncTask:
        """A task of any process by its id. model: tells the result's model and price; the id is enough."""
        return self._handle(self._core.known(task_id, model))

    async def tasks(
        self,
        *,
        status: str | None = None,
        model: str | None = None,
        task_id: str | None = None,
        start: Any = None,
        end: Any = None,
    ) -> AsyncIterator[Listed]:
        """The account's tasks of the last day, page by page. start, end: datetimes with a zone, or epoch."""
        filters = self._core.filters(status, model, task_id, start, end)
        number, pages = 1, 1
        while number <= pages:
            found = await self._driver.run(self._core.page(filters, number))
            for item in found.items:
                yield item
            number, pages = number + 1, found.pages if found.items else 0

    async def cancel(self, task_id: str) -> None:
        """Cancels a task that is still waiting. Raises InvalidRequest where it is running or has ended."""
        await self._driver.run(self._core.cancel(task_id))

    async def wait(
        self, tasks: Sequence[AsyncTask | str], *, timeout: float | None = None, on_status: Told | None = None
    ) -> list[AsyncOutput | WanError]:
        """Waits for many tasks at once -> in their order, what each yields, or the error it ended with."""
        ended = await self._driver.run(self._core.follow(tasks, timeout, on_status))
        return [each if isinstance(each, WanError) else self._bound(each) for each in ended]

    async def find_lost(self, error: OutcomeUnknown) -> list[Listed]:
        """The account's tasks that a lost call may have become: of its model, submitted about then."""
        return await self._driver.run(self._core.find_lost(error))

    async def resume(self, *, timeout: float | None = None, on_status: Told | None = None) -> Resumed:
        """Takes up every unfinished call of the journal, as after a crash, and waits for it."""
        found = await self._driver.run(self._core.resume(timeout, on_status))
        return found._replace(results=[self._bound(each) for each in found.results])

    async def look(self, task_id: str) -> Snapshot:
        """Queries a task; `AsyncTask.status` calls it."""
        return await self._driver.run(self._core.look(task_id))

    async def close(self) -> None:
        """Closes connections and journal."""
        await self._driver.close()
        self._context.close()
        if self._own:
            await self._http.aclose()

    async def _edit(
        self, verb: str, model: Any, prompt: Any, images: Any, given: dict[str, Any]
    ) -> AsyncOutput:
        return self._bound(await self._driver.run(self._core.edit(verb, model, prompt, images, given)))

    async def _submit(self, model: Any, prompt: Any, images: Any, given: dict[str, Any]) -> AsyncTask:
        return self._handle(await self._driver.run(self._core.submit(model, prompt, images, given)))

    async def _stream(self, model: Any, prompt: Any, images: Any, given: dict[str, Any]) -> AsyncStream:
        from wanlib.runtime.streams_async import AsyncStream

        paid, opened = await self._driver.run(self._core.stream(model, prompt, images, given))
        return AsyncStream(self._driver, self._context, paid, opened, self._bound)

    def _prepare(self, model: Any, prompt: Any, images: Any, given: dict[str, Any]) -> Prepared:
        return self._core.prepare(model, prompt, images, given)

    def __deepcopy__(self, memo: object) -> Self:
        return self  # copies of results and tasks share the client

    def _bound(self, result: Result) -> AsyncOutput:
        from wanlib.runtime.outputs import AsyncOutput

        return AsyncOutput.of(result, self._save)

    def _handle(self, paid: Paid) -> AsyncTask:
        from wanlib.runtime.tasks import AsyncTask

        return AsyncTask(self, paid)

    async def _save(self, result: Result, folder: Any, stem: str | None, overwrite: bool) -> list[Path]:
        return await self._driver.run(self._core.save(result, folder, stem, overwrite))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        await self.close()
