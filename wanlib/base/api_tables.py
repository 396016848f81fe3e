"""The types of the tables in `generated/calls.py`: models, regions, names on the wire, error codes.

This module itself contains no number or name of the API.
"""

from collections.abc import Callable, Collection, Mapping
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
        pictures: The maximum number of pictures that the call can return and bill.
        exact: Whether it returns exactly this number unless some fail; otherwise the model decides.
    """

    fields: dict[str, Any]
    pictures: int
    exact: bool


class ModelFunctions(NamedTuple):
    """The generated functions of a family.

    Attributes:
        check_fields: Takes (model, fields, call, local, now) and returns the violations, as `wanlib.check`
            does; an `ImageInfo` takes the place of each local image.
        complete: Takes (model, fields, call) and returns `CompletedFields`. Never raises: fields of a wrong
            type count as absent.
        encode: Takes (model, fields) and returns the wire body; placeholders for images are copied into it.
    """

    check_fields: Callable[[str, Mapping[str, Any], str | None, bool, float | None], list[Violation]]
    complete: Callable[[str, Mapping[str, Any], str | None], CompletedFields]
    encode: Callable[[str, Mapping[str, Any]], dict[str, Any]]


class VerbTable(NamedTuple):
    """The values that a verb adds to a request for a model.

    Attributes:
        always_sends: Fields with the one value that the verb sends.
        default_sends: Fields with the value that is sent if the caller sets none.
    """

    always_sends: Mapping[str, Any]
    default_sends: Mapping[str, Any]


class Model(NamedTuple):
    """One model.

    Attributes:
        name: The name of the model.
        code: Loads the generated functions of its family.
        file: The stem of its spec file, such as `wan2.7`.
        fields: The names of all fields, prompt and images included.
        images: The fields that hold a list of images.
        single_images: The fields that hold one image.
        sizes: The fields of type size.
        mimes: The MIME type of each format that an image may have.
        verbs: The verbs that it has, of `edit`, `generate` and `stream`.
        endpoints: Method and path by call (`sync`, `async`, `stream`).
        result: The form of its results: `choices` or `results`.
        prices: The price of a picture as decimal text, by region.
        submit_per_second: The documented rate at which an account may submit.
        single: The list fields of which a body holds exactly one item.
        rest: The member of the body that holds the fields without their own place, and parameters that
            are newer than the spec.
        schemes: The schemes with which a string for an image may begin.
        only_for: The names that only other models document, each with their spec files.
        instead: For such a name, what to send in its place.
        located: The fields that give places in the pixels of an image.
        made_from: The listed model that a fine-tuned model was made from, whose modes, endpoints and rates
            it has; empty for a listed model.
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
    """The models that users have fine-tuned.

    Attributes:
        ending: The suffix after the base in an id, as a regular expression.
        regions: The regions in which they can be called.
    """

    ending: str
    regions: tuple[str, ...]


class Region(NamedTuple):
    """One region.

    Attributes:
        host: The host that all workspaces share; None if there is none.
        workspace_host: The host of one workspace, with `{workspace}` in it; None if there is none.
        key_prefix: The prefix of the keys that only this region accepts; None if it accepts ordinary keys.
        calls: The calls by model; None if no page states what the region offers.
    """

    host: str | None
    workspace_host: str | None
    key_prefix: str | None
    calls: Mapping[str, tuple[str, ...]] | None


class Header(NamedTuple):
    """A request header.

    Attributes:
        name: The name.
        value: The value, with `{key}` or `{workspace}` in it.
        calls: The calls that need it.
        schemes: The schemes of images that need it.
        optional: Whether it is sent only with a workspace.
    """

    name: str
    value: str
    calls: tuple[str, ...]
    schemes: tuple[str, ...]
    optional: bool


class TaskLifecycleTable(NamedTuple):
    """The life of a task.

    Attributes:
        states: All states.
        terminal: The final states.
        succeeded: The state of a task that succeeded; `failed`, `canceled` and `unknown` likewise.
        failed: See `succeeded`.
        canceled: See `succeeded`.
        unknown: See `succeeded`.
        expires_after: Seconds after the submission at which a task is forgotten.
        links_expire_after: Seconds after the end of a task at which its links expire.
    """

    states: tuple[str, ...]
    terminal: frozenset[str]
    succeeded: str
    failed: str
    canceled: str
    unknown: str
    expires_after: float
    links_expire_after: float


class UploadTable(NamedTuple):
    """The temporary upload.

    Attributes:
        expires_after: Seconds for which an uploaded file is kept.
        policy_expires_after: Seconds for which a policy is valid that does not state its own time.
        form: The fields of the multipart form, in order.
        action: The action that a request for a policy names.
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
    """Everything that the client needs to know about the API.

    Attributes:
        base_path: The path of the API on its hosts.
        models: The models by name.
        rule_ids: Loads the ids of all rules.
        fine_tuned: The data about fine-tuned models.
        regions: The regions by name.
        other_bases: Paths at which the hosts serve other protocols, each with the name of the protocol.
        headers: The request headers.
        paths: Method and path, with `{task_id}`, by call (`query`, `list`, `cancel`, `policy`).
        task_id: The regular expression of a task id.
        errors: The table of error codes.
        rates: Requests per second, by call.
        max_poll_interval: The longest interval between two polls, in seconds.
        sync_timeout: Seconds that a synchronous call may run.
        currency: The currency of the prices.
        upload: The temporary upload.
        life: The life of a task.
        query_zone: The UTC offset, in seconds, of the ISO 8601 times in a query's response.
        list_time: The strftime format of the times in a list's filters.
        stream_type: The media type of a streamed response.
        stream_end: The finish_reason of a stream's last part.
        names: The names of members and parameters.
        answer_role: The role of the service in a message.
        id_header: The response header that holds the request id.
        default_region: The region of a client that names none.
        list_units: The units of a list's times per second, such as 1000 for milliseconds.
        list_page: The number of tasks that the client requests per page of a list.
    """

    base_path: str
    models: Mapping[str, Model]
    rule_ids: Callable[[], Collection[str]]
    fine_tuned: FineTuned
    regions: Mapping[str, Region]
    other_bases: Mapping[str, str]
    headers: tuple[Header, ...]
    paths: Mapping[str, tuple[str, str]]
    task_id: str
    errors: ErrorTable
    rates: Mapping[str, int]
    max_poll_interval: float
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
