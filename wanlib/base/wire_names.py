"""The names that the API gives to members, query parameters and form fields, by the role of each.

The code uses roles (`names.task.status`). The name that a role has on the wire is data of the spec: `names:`
in `service.yaml`.
"""

from collections.abc import Mapping
from typing import NamedTuple


class AnswerNames(NamedTuple):
    """Members at the top of every response; a failed task and picture also have code and message."""

    request_id: str
    code: str
    message: str
    output: str
    usage: str


class TaskNames(NamedTuple):
    """Members of `output` that describe a task."""

    id: str
    status: str
    submitted: str
    scheduled: str
    ended: str
    metrics: str


class MetricNames(NamedTuple):
    """Members of a task's metrics: counts of pictures."""

    total: str
    succeeded: str
    failed: str


class ChoiceNames(NamedTuple):
    """Members of `output` in the form of choices, from the list down to a part of the content."""

    choices: str
    finished: str
    finish_reason: str
    message: str
    role: str
    content: str
    type: str
    image: str
    text: str


class ResultNames(NamedTuple):
    """Members of `output` in the form of a flat list of results."""

    results: str
    url: str
    prompt: str
    rewritten_prompt: str


class UsageNames(NamedTuple):
    """Members of the usage."""

    images: str
    size: str
    input_tokens: str
    output_tokens: str
    total_tokens: str


class ListNames(NamedTuple):
    """Members of a list of tasks, and of each task in it."""

    total: str
    pages: str
    page: str
    page_size: str
    tasks: str
    task_id: str
    status: str
    model: str
    created: str
    started: str
    ended: str
    request_id: str
    region: str
    api_key: str
    user: str
    parent_user: str
    path_key: str


class PolicyNames(NamedTuple):
    """Members of an upload policy."""

    data: str
    policy: str
    signature: str
    folder: str
    host: str
    seconds: str
    max_file_mb: str
    capacity_mb: str
    access_key: str
    acl: str
    forbid_overwrite: str


class TokenNames(NamedTuple):
    """Members of the response with a short-lived key."""

    token: str
    expires_at: str


class ListQueryNames(NamedTuple):
    """Query parameters of a list of tasks."""

    task_id: str
    start: str
    end: str
    model: str
    status: str
    page: str
    page_size: str
    api_key: str
    region: str


class PolicyQueryNames(NamedTuple):
    """Query parameters of a request for an upload policy."""

    action: str
    model: str


class TokenQueryNames(NamedTuple):
    """Query parameters of a request for a short-lived key."""

    seconds: str


class FormNames(NamedTuple):
    """Fields of the upload form that are not copied from the policy, or that prove it."""

    access_key: str
    signature: str
    policy: str
    key: str
    status: str


class StorageNames(NamedTuple):
    """Elements of the file storage's error document."""

    error: str
    code: str
    message: str
    request_id: str


class WireNames(NamedTuple):
    """All names, in groups."""

    answer: AnswerNames
    task: TaskNames
    metrics: MetricNames
    choice: ChoiceNames
    result: ResultNames
    usage: UsageNames
    listed: ListNames
    policy: PolicyNames
    token: TokenNames
    list_query: ListQueryNames
    policy_query: PolicyQueryNames
    token_query: TokenQueryNames
    form: FormNames
    storage: StorageNames


GROUPS: Mapping[str, type[tuple[str, ...]]] = WireNames.__annotations__
"""The class of each group, by the group's name."""


def roles(group: str) -> tuple[str, ...]:
    """List the roles of a group."""
    return tuple(GROUPS[group].__annotations__)


def read_names(tables: Mapping[str, Mapping[str, str]]) -> WireNames:
    """Build the names from the table of the spec.

    Args:
        tables: The names by group and role; other members (such as `source`) are skipped.

    Returns:
        The names in their groups.

    Raises:
        KeyError: A group or a role is missing; the loader of the spec refuses such a table.
    """
    return WireNames(*(GROUPS[group](*_row(tables[group], group)) for group in GROUPS))  # type: ignore[arg-type]


def _row(table: Mapping[str, str], group: str) -> tuple[str, ...]:
    return tuple(table[role] for role in roles(group))
