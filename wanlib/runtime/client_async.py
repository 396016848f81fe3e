"""The async client under its typed face: verbs in, results out."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from wanlib.runtime.clock import Clock, RealClock
from wanlib.runtime.core import Core
from wanlib.runtime.drive_async import AsyncDriver
from wanlib.runtime.errors import OutcomeUnknown, WanError
from wanlib.runtime.options import call_of, read_call, verb_of
from wanlib.runtime.outputs import AsyncOutput
from wanlib.runtime.paid import Paid, finish, finish_all
from wanlib.runtime.query import cancel, page, query
from wanlib.runtime.recent import find_lost
from wanlib.runtime.result import Result
from wanlib.runtime.snapshot import Listed, Snapshot
from wanlib.runtime.tables import Api
from wanlib.runtime.tasks import AsyncTask
from wanlib.runtime.watch import Told
from wanlib.runtime.wire import make_http

if TYPE_CHECKING:  # loaded by the verb that needs them
    from wanlib.runtime.prepared import Prepared
    from wanlib.runtime.resume import Resumed
    from wanlib.runtime.streams_async import AsyncStream


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
        self._core = Core(
            self._api,
            api_key=api_key,
            region=region,
            workspace=workspace,
            base_url=base_url,
            budget=budget,
            journal=journal,
            upload=upload,
            file_urls=file_urls,
            clock=clock or RealClock(),
            random=random or Random(),
        )
        self._http = http_client or make_http("AsyncClient", proxy, trust_env)
        self._own = http_client is None
        self._driver = AsyncDriver(self._http, self._core.context, parallel)

    @property
    def spent(self) -> Any:
        """What this client has spent so far, a Decimal: results that came, and calls that may be billed."""
        return self._core.context.purse.spent

    def task(self, task_id: str, model: str | None = None) -> AsyncTask:
        """A task of any process by its id. model: tells the result's model and price; the id is enough."""
        return AsyncTask(self, self._core.known(task_id, model))

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
            found = await self._driver.run(
                page(self._core.context, self._core.deadline(None), {**filters, "page_no": number})
            )
            for item in found.items:
                yield item
            number, pages = number + 1, found.pages if found.items else 0

    async def cancel(self, task_id: str) -> None:
        """Cancels a task that is still waiting. Raises InvalidRequest where it is running or has ended."""
        await self._driver.run(cancel(self._core.context, task_id, self._core.deadline(None)))

    async def wait(
        self, tasks: Sequence[AsyncTask | str], *, timeout: float | None = None, on_status: Told | None = None
    ) -> list[AsyncOutput | WanError]:
        """Waits for many tasks at once -> in their order, what each yields, or the error it ended with."""
        deadline = self._core.deadline(timeout)
        paids = [self._core.paid(each) for each in tasks]
        ended = await self._driver.run(finish_all(self._core.context, paids, deadline, on_status))
        return [self._bound(each) if isinstance(each, Result) else each for each in ended]

    async def find_lost(self, error: OutcomeUnknown) -> list[Listed]:
        """The account's tasks that a lost call may have become: of its model, submitted about then."""
        return await self._driver.run(find_lost(self._core.context, error, self._core.deadline(None)))

    async def resume(self, *, timeout: float | None = None, on_status: Told | None = None) -> "Resumed":
        """Takes up every unfinished call of the journal, as after a crash, and waits for it."""
        from wanlib.runtime.resume import resume

        found = await self._driver.run(resume(self._core.context, self._core.deadline(timeout), on_status))
        return found._replace(results=[self._bound(each) for each in found.results])

    async def follow(self, paid: Paid, timeout: float | None, told: Told | None) -> AsyncOutput:
        """Waits for a task; `AsyncTask.wait` calls it."""
        deadline = self._core.deadline(timeout)
        return self._bound(await self._driver.run(finish(self._core.context, paid, deadline, told)))

    async def look(self, task_id: str) -> Snapshot:
        """Queries a task; `AsyncTask.status` calls it."""
        return await self._driver.run(query(self._core.context, task_id, self._core.deadline(None)))

    async def close(self) -> None:
        """Closes connections and journal."""
        await self._driver.close()
        self._core.close()
        if self._own:
            await self._http.aclose()

    async def _edit(
        self, verb: str, model: Any, prompt: Any, images: Any, given: dict[str, Any]
    ) -> AsyncOutput:
        call = read_call(verb, call_of(given.pop("via", "async")), model, prompt, images, given)
        return self._bound(await self._driver.run(self._core.edit(call)))

    async def _submit(self, model: Any, prompt: Any, images: Any, given: dict[str, Any]) -> AsyncTask:
        call = read_call(verb_of(images), "async", model, prompt, images, given)
        return AsyncTask(self, await self._driver.run(self._core.submit(call)))

    async def _stream(self, model: Any, prompt: Any, images: Any, given: dict[str, Any]) -> "AsyncStream":
        from wanlib.runtime.streams_async import AsyncStream

        call = read_call("stream", "stream", model, prompt, images, given)
        paid, opened = await self._driver.run(self._core.stream(call))
        return AsyncStream(self._driver, self._core.context, paid, opened, self._bound)

    def _prepare(self, model: Any, prompt: Any, images: Any, given: dict[str, Any]) -> "Prepared":
        return self._core.prepare(model, prompt, images, given)

    def __deepcopy__(self, memo: object) -> Self:
        return self  # copies of results and tasks share the client

    def _bound(self, result: Result) -> AsyncOutput:
        return AsyncOutput.of(result, self._save)

    async def _save(self, result: Result, folder: Any, stem: str | None, overwrite: bool) -> list[Path]:
        return await self._driver.run(self._core.save(result, folder, stem, overwrite))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        await self.close()
