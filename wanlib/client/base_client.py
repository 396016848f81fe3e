"""The common base of the sync and async clients: the constructor, the settings, and methods without I/O."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Self

from wanlib.base.api_tables import ApiTables
from wanlib.base.clock import Clock, ClockOffset, RealClock
from wanlib.base.redaction import Secret, safe_repr
from wanlib.client.drivers.http_adapter import create_http_client, validate_http_client
from wanlib.client.protocol.context import MAX_RETRIES, TIMEOUT, check_flags, create_context
from wanlib.errors import InvalidArgumentError

if TYPE_CHECKING:  # calls load what they need, so that creating a client is fast
    from decimal import Decimal
    from os import PathLike

    import httpx

    from wanlib.client.call.prepared import Prepared
    from wanlib.client.core import ClientCore
    from wanlib.client.journal.journal import Journal
    from wanlib.client.protocol.live_calls import UnfinishedCall
    from wanlib.client.results.result import Result


class BaseClient:
    """A client of the API; a program needs only one.

    Threads may share a `Wan`, and the tasks of one asyncio event loop an `AsyncWan`. Close it, or use it as a
    context manager.

    Args:
        api_key: The API key. None means the environment variable DASHSCOPE_API_KEY.
        region: The region of the key. None means the default region of the spec.
        workspace: The id of a workspace, for the workspace's own host. None means the default workspace.
        base_url: An address other than the region's. None means DASHSCOPE_HTTP_BASE_URL, or the region's
            address.
        budget: The maximum amount that this client may spend, in the currency of the prices, as a number or
            a decimal string. None means no limit.
        journal: Path of an SQLite file that records each billed call, for `resume`; or an open `Journal`.
            None means no journal.
        upload: Whether local images go through the temporary upload; otherwise they are sent as base64.
        file_urls: Whether strings that begin with `file://` are read. Pass False in a service that forwards
            untrusted strings.
        proxy: As for httpx.
        trust_env: As for httpx: whether proxy settings and certificates of the environment are used.
        http_client: Your own `httpx.Client` (for `AsyncWan` an `httpx.AsyncClient`); it is not closed here,
            and its connections are neither limited to one paid call each nor checked for private addresses.
            None means a new one.
        timeout: Seconds that one call may take in total: waits, uploads and retries included. Each call can
            have its own.
        max_retries: How often one request is sent again after a transient failure, from 0 to 100. A billed
            request is sent again only if it cannot have been accepted. Polling continues until the timeout.
        poll_interval: The longest interval between two queries of a task, in seconds, from 0.1 to 3600; the
            first intervals are shorter. Queries of many tasks also respect the documented rate of the
            account. None means the interval that the vendor advises.
        parallel: The maximum number of concurrent exchanges of one call, 1 or more.
        clock: Source of time. None means a `RealClock`; with a `ManualClock` no call waits for real time.
        spec: A folder of spec files (see `spec/README.md`), for models that the packaged spec does not
            have; it needs the extra `spec`. Type checkers know the packaged models only. None means the
            packaged spec.
        random: Source of the jitter of retries, for tests. None means a new one.

    Raises:
        ConfigurationError: A key, region, workspace, URL, proxy or HTTP client is missing or unusable.
        InvalidArgumentError: An argument has a type or a value that is not allowed.
        JournalError: The journal cannot be opened.
    """

    _api: ClassVar[ApiTables]
    _httpx_class: ClassVar[str]  # the name of the client class of httpx

    def __init__(
        self,
        api_key: str | None = None,
        *,
        region: str | None = None,
        workspace: str | None = None,
        base_url: str | None = None,
        budget: Decimal | float | str | None = None,
        journal: Journal | str | PathLike[str] | None = None,
        upload: bool = False,
        file_urls: bool = True,
        proxy: str | None = None,
        trust_env: bool = True,
        http_client: httpx.Client | httpx.AsyncClient | None = None,
        timeout: float = TIMEOUT,
        max_retries: int = MAX_RETRIES,
        poll_interval: float | None = None,
        parallel: int = 8,
        clock: Clock | None = None,
        random: Random | None = None,
        spec: str | Path | None = None,
    ) -> None:
        """Create the client. No connection is opened before the first call."""
        key = None if api_key is None else Secret.of(api_key)
        api_key = None  # error trackers collect local variables
        check_flags(upload=upload, file_urls=file_urls, trust_env=trust_env)
        if isinstance(parallel, bool) or not isinstance(parallel, int) or parallel < 1:
            raise InvalidArgumentError(f"parallel is {safe_repr(parallel)}; allowed: an integer, 1 or more")
        _check_methods("clock", clock, "now", "wall", "sleep", "sleep_async")
        _check_methods("random", random, "uniform")
        self._owns_http = http_client is None
        self._http_settings = (proxy, trust_env) if self._owns_http else None
        self._http = (
            create_http_client(self._httpx_class, proxy, trust_env)
            if self._owns_http
            else validate_http_client(http_client, self._httpx_class)
        )
        self._context = create_context(
            self._api if spec is None else _load_api(spec),
            api_key=key,
            region=region,
            workspace=workspace,
            base_url=base_url,
            budget=budget,
            journal=journal,
            clock=clock or RealClock(),
            random=random or Random(),
            poll_interval=poll_interval,
            timeout=timeout,
            max_retries=max_retries,
        )
        self._upload, self._file_urls, self._parallel = upload, file_urls, parallel

    @cached_property
    def _core(self) -> ClientCore:
        from wanlib.client.core import ClientCore

        return ClientCore(self._context, upload=self._upload, file_urls=self._file_urls)

    @property
    def base_url(self) -> str:
        """The address of the API, without a trailing slash."""
        return self._context.settings.base_url

    @property
    def region(self) -> str:
        """The region of the key."""
        return self._context.settings.region

    @property
    def currency(self) -> str:
        """The currency of the prices."""
        return self._context.api.currency

    @property
    def clock_offset(self) -> ClockOffset | None:
        """How far the service's clock is ahead, by its responses; None before the first response."""
        return self._context.service_clock.offset

    @property
    def spent(self) -> Any:
        """The amount spent by this client, as a Decimal: pictures received, and calls that may be billed."""
        return self._context.budget.spent

    def unfinished(self) -> list[UnfinishedCall]:
        """Return the calls of this client whose outcome their callers have not received, oldest first.

        An example is a call that was cancelled by the caller's timeout: its task continues, and `task(id)`
        returns its handle. Calls of earlier processes are not included; `resume` continues those.
        """
        calls = self._core.unfinished()
        return [
            call if call.output is None else call._replace(output=self._with_saver(call.output))
            for call in calls
        ]

    def __repr__(self) -> str:
        """Return a representation without the key."""
        context = vars(self).get("_context")  # debuggers also show clients whose arguments were refused
        if context is None:
            return f"<{type(self).__name__}>"
        return f"<{type(self).__name__} {context.settings.base_url} region={context.settings.region}>"

    def _with_saver(self, result: Result) -> Any:
        """Return an output with the members of a result."""
        raise NotImplementedError

    def _prepare(self, model: Any, prompt: Any, images: Any, kwargs: dict[str, Any]) -> Prepared:
        return self._core.prepare(model, prompt, images, kwargs)

    def __deepcopy__(self, memo: object) -> Self:
        """Return the client itself: copies of results and tasks share it."""
        return self


def _load_api(folder: str | Path) -> ApiTables:
    from wanlib.private_spec import load_api

    return load_api(folder)


def _check_methods(name: str, value: object, *methods: str) -> None:
    """Raise InvalidArgumentError for an object without these methods; None means the default."""
    if value is not None and not all(callable(getattr(value, method, None)) for method in methods):
        raise InvalidArgumentError(
            f"{name} is {safe_repr(value)}; allowed: an object with {', '.join(methods)}"
        )
