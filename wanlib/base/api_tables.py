"""The dataclasses that `generated/calls.py` fills: models, regions, names on the wire, error codes.

No number or name of the API stands here.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from wanlib.base.error_codes import ErrorTable
from wanlib.base.violation import Violation
from wanlib.base.wire_names import WireNames

CALL_OPTIONS = frozenset(
    {"extra", "allow", "max_price", "upload", "fit", "timeout", "max_retries", "label", "on_status", "via"}
)
"""The arguments of the client's verbs that are not parameters of a model."""


class CompletedFields(NamedTuple):
    """The fields of a call with those that the client always sends.

    Attributes:
        fields: The fields that were set and those that were added.
        pictures: The most pictures that the call can return, and bill.
        exact: Whether it returns so many unless some fail; else the model decides how many.
    """

    fields: dict[str, Any]
    pictures: int
    exact: bool


class ModelFunctions(NamedTuple):
    """The generated functions of a family.

    Attributes:
        check_fields: (model, fields, call, local, now) -> violations, as of `wanlib.check`; an `ImageInfo`
            stands for each local image.
        complete: (model, fields, call) -> CompletedFields. Total: fields of a wrong type count as absent.
        encode: (model, fields) -> the wire body; what stands for an image in the fields stands in the body.
    """

    check_fields: Callable[[str, Mapping[str, Any], str | None, bool, float | None], list[Violation]]
    complete: Callable[[str, Mapping[str, Any], str | None], CompletedFields]
    encode: Callable[[str, Mapping[str, Any]], dict[str, Any]]


class VerbTable(NamedTuple):
    """What a verb sends by itself on a model.

    Attributes:
        always_sends: Fields with the one value that the verb sends.
        default_sends: Fields with the value that is sent if the caller sets none.
    """

    always_sends: Mapping[str, Any]
    default_sends: Mapping[str, Any]


class Model(NamedTuple):
    """One model.

    code: loads its family's functions. file: the spec file's stem, `wan2.7`. fields: every field by name,
    prompt and images too. images, lone_images: the fields that hold a list of images, and one image.
    sizes: the fields of type size. mimes: the MIME type of each format that an image may have. verbs:
    edit, generate, stream as far as it has them. endpoints: by call (sync, async, stream) -> (method,
    path). result: `choices` or `results`. prices: decimal text a picture, by region. submit_per_second:
    what an account may. single: the list fields of which a body holds one item, so that a list of any
    other length can't be sent. rest: the member of the body that holds the fields without a place of
    their own, and what is newer than the spec. schemes: how strings for images may begin. only_for: the
    names that other models alone document, each with the spec files of those. instead: what to do instead
    of sending such a name. located: the fields that give places in the pixels of an image. made_from: of
    a fine-tuned model, the listed model that it was made from, which modes, endpoints and rates mean.
    """

    name: str
    code: Callable[[], ModelFunctions]
    file: str
    fields: tuple[str, ...]
    images: tuple[str, ...]
    single_images: tuple[str, ...]
    sizes: tuple[str, ...]
    mimes: Mapping[str, str]
    verbs: Mapping[str, VerbTable]
    endpoints: Mapping[str, tuple[str, str]]
    result: str
    prices: Mapping[str, str]
    submit_per_second: float
    single: tuple[str, ...] = ()
    rest: str = ""
    schemes: tuple[str, ...] = ()
    only_for: Mapping[str, tuple[str, ...]] = {}
    instead: Mapping[str, str] = {}
    located: tuple[str, ...] = ()
    made_from: str = ""

    @property
    def base(self) -> str:
        """The listed model: itself, or the one that a fine-tuned model was made from."""
        return self.made_from or self.name


class FineTuned(NamedTuple):
    """Models that users made. ending: what follows the base in an id, as a regular expression.

    regions: those in which they can be called.
    """

    ending: str
    regions: tuple[str, ...]


class Region(NamedTuple):
    """One region.

    Attributes:
        host: shared by all workspaces; None where there is none.
        workspace_host: with `{workspace}` in it; None where there is none.
        key_prefix: the begin of the keys that this region alone accepts; None where it takes ordinary keys.
        calls: by model; None where no page says what the region offers.
    """

    host: str | None
    workspace_host: str | None
    key_prefix: str | None
    calls: Mapping[str, tuple[str, ...]] | None


class Header(NamedTuple):
    """A request header. value: with `{key}` or `{workspace}` in it. calls, schemes: what needs it."""

    name: str
    value: str
    calls: tuple[str, ...]
    schemes: tuple[str, ...]
    optional: bool


class TaskLifecycleTable(NamedTuple):
    """The life of a task; times in seconds."""

    states: tuple[str, ...]
    terminal: frozenset[str]
    succeeded: str
    failed: str
    canceled: str
    unknown: str
    expires_after: float
    links_expire_after: float


class UploadTable(NamedTuple):
    """The temporary upload; times in seconds.

    Attributes:
        expires_after: How long an uploaded file is kept.
        policy_expires_after: How long a policy is valid that does not say so.
        form: The fields of the multipart form, in order.
        action: What a request for a policy asks for.
        scheme: The scheme of URLs of uploaded files.
        accepted_status: The status that the storage is asked to respond with.
        retry_statuses: The statuses of the storage after which another attempt may help.
    """

    expires_after: float
    policy_expires_after: float
    form: tuple[str, ...]
    action: str
    scheme: str
    accepted_status: str
    retry_statuses: frozenset[int]


class ApiTables(NamedTuple):
    """Everything that the client must know of the API.

    other_bases: paths at which the hosts serve other protocols, with what they are.
    paths: by call (query, list, cancel, policy) -> (method, path with `{task_id}`). rates: calls a second
    by call. gap: the most seconds between two polls. sync_timeout: seconds that a synchronous call may run.
    query_zone: of a query's times, which are texts of ISO 8601, the offset from UTC in seconds.
    list_time: the strptime form of a list's filters. list_units: units of a list's times in a second.
    list_page: tasks that the client asks for at once; where fewer come, it follows page by page.
    names: what members and parameters are called. answer_role: the role of the service in a message.
    id_header: the response header that holds the request id. stream_end: the finish_reason of a stream's
    last part.
    """

    base_path: str
    models: Mapping[str, Model]
    fine_tuned: FineTuned
    regions: Mapping[str, Region]
    other_bases: Mapping[str, str]
    headers: tuple[Header, ...]
    paths: Mapping[str, tuple[str, str]]
    task_id: str
    errors: ErrorTable
    rates: Mapping[str, int]
    gap: float
    sync_timeout: float
    currency: str
    upload: UploadTable
    life: TaskLifecycleTable
    query_zone: int
    list_time: str
    stream_type: str
    stream_end: str
    names: WireNames
    answer_role: str
    id_header: str
    default_region: str
    list_units: int
    list_page: int
