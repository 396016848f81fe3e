"""What the two clients share: their settings, and what needs no waiting."""

from __future__ import annotations

from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Self

from wanlib.base.api_tables import ApiTables
from wanlib.base.clock import Clock, RealClock
from wanlib.base.redaction import safe_repr
from wanlib.client.drivers.http_adapter import create_http_client, validate_http_client
from wanlib.client.protocol.context import MAX_RETRIES, TIMEOUT, create_context
from wanlib.errors import InvalidArgumentError

if TYPE_CHECKING:  # what calls need is loaded by the first of them: a client that is only made starts faster
    from wanlib.client.call.prepared import Prepared
    from wanlib.client.core import ClientCore


class BaseClient:
    """A client of the API. One is enough for a program; threads may share a
    sync one, the tasks of one asyncio loop an async one.

    api_key: else DASHSCOPE_API_KEY. region: of the key; the spec says which is the
    default. workspace: its id, for a workspace's own host.
    base_url: another address, else DASHSCOPE_HTTP_BASE_URL. budget: the most that this client may spend,
    in the currency of the prices. journal: the path of a file that keeps every paid call, for `resume`.
    upload: local images go through the temporary upload instead of base64. file_urls: whether strings
    that begin with file:// are read; False for a service that passes on strings of strangers. proxy,
    trust_env: as httpx has them. http_client: an httpx.Client (or AsyncClient) of one's own, which is not
    closed here.
    timeout: seconds that one verb may take in all, waits, uploads and retries included; a call may have
    its own. max_retries: how often one request is sent again after a failure that may pass, 0 for never; a
    paid one only where it cannot have been accepted. The wait for a task goes on to its timeout.
    parallel: the most exchanges under way at once for one call. clock: a `RealClock` unless given; with a
    `ManualClock` no call waits for real time. random: chance, for tests.

    Raises ConfigurationError, InvalidArgumentError, JournalError.
    """

    _api: ClassVar[ApiTables]
    _httpx_class: ClassVar[str]  # of the library's client

    def __init__(
        self,
        api_key: str | None = None,
        *,
        region: str | None = None,
        workspace: str | None = None,
        base_url: str | None = None,
        budget: Any = None,
        journal: Any = None,
        upload: bool = False,
        file_urls: bool = True,
        proxy: str | None = None,
        trust_env: bool = True,
        http_client: Any = None,
        timeout: float = TIMEOUT,
        max_retries: int = MAX_RETRIES,
        parallel: int = 8,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        _check_flags(upload=upload, file_urls=file_urls, trust_env=trust_env)
        if isinstance(parallel, bool) or not isinstance(parallel, int) or parallel < 1:
            raise InvalidArgumentError(f"parallel is {safe_repr(parallel)}; allowed: an integer, 1 or more")
        _check_methods("clock", clock, "now", "wall", "sleep", "sleep_async")
        _check_methods("random", random, "uniform")
        self._context = create_context(
            self._api,
            api_key=api_key,
            region=region,
            workspace=workspace,
            base_url=base_url,
            budget=budget,
            journal=journal,
            clock=clock or RealClock(),
            random=random or Random(),
            timeout=timeout,
            max_retries=max_retries,
        )
        self._upload, self._file_urls, self._parallel = upload, file_urls, parallel
        self._owns_http = http_client is None
        self._http = (
            create_http_client(self._httpx_class, proxy, trust_env)
            if self._owns_http
            else validate_http_client(http_client, self._httpx_class)
        )

    @cached_property
    def _core(self) -> ClientCore:
        from wanlib.client.core import ClientCore

        return ClientCore(self._context, upload=self._upload, file_urls=self._file_urls)

    @property
    def spent(self) -> Any:
        """What this client has spent so far, a Decimal: results that came, and calls that may be billed."""
        return self._context.budget.spent

    def _prepare(self, model: Any, prompt: Any, images: Any, kwargs: dict[str, Any]) -> Prepared:
        return self._core.prepare(model, prompt, images, kwargs)

    def __deepcopy__(self, memo: object) -> Self:
        return self  # copies of results and tasks share the client


def _check_flags(**flags: object) -> None:
    """Raise InvalidArgumentError for what is neither True nor False."""
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise InvalidArgumentError(f"{name} is {safe_repr(value)}; allowed: True or False")


def _check_methods(name: str, value: object, *methods: str) -> None:
    """Raise InvalidArgumentError for an object without these methods; None stands for the default."""
    if value is not None and not all(callable(getattr(value, method, None)) for method in methods):
        raise InvalidArgumentError(
            f"{name} is {safe_repr(value)}; allowed: an object with {', '.join(methods)}"
        )
