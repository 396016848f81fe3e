"""`UploadPolicy`: the upload policy that the service returns, and error documents of the storage."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from wanlib.base.api_tables import ApiTables
from wanlib.base.redaction import safe_repr
from wanlib.base.urls import get_host, is_private
from wanlib.base.values import MIB
from wanlib.client.http.json_access import sanitize
from wanlib.client.http.messages import Response
from wanlib.client.http.responses import malformed_response_error, parse_json_object
from wanlib.errors import InvalidRequestError, MalformedResponseError, ServiceError, WanError


class UploadPolicy(NamedTuple):
    """A temporary permission to upload files.

    Attributes:
        host: The URL to post to.
        folder: The prefix of all keys.
        max_bytes: The maximum size of one file in bytes; None if the policy has no limit.
        renew_at: Monotonic seconds at which a new policy is needed.
        field_order: The fields of the form, the file last.
        fields: Their values, without key and file.
        key_field: The name of the field that contains the key.
    """

    host: str
    folder: str
    max_bytes: int | None
    renew_at: float
    field_order: tuple[str, ...]
    fields: Mapping[str, str]
    key_field: str

    def form(self, key: str) -> list[tuple[str, str]]:
        """Return the names and values of the fields before the file, in order."""
        values = {**self.fields, self.key_field: key}
        return [(name, values[name]) for name in self.field_order[:-1]]

    def __repr__(self) -> str:
        return f"<Policy for {self.folder}>"  # the fields grant the same access as a key


def parse_policy(api: ApiTables, response: Response, now: float, *, allow_http: bool) -> UploadPolicy:
    """Parse the policy of a response.

    Args:
        api: The tables of the API.
        response: The response.
        now: Monotonic seconds at which it was requested.
        allow_http: Whether its host may be without TLS or in a private network.

    Raises:
        MalformedResponseError: A member is missing or has a wrong form.
    """
    names = api.names.policy
    data = parse_json_object(api, response).get(names.data)
    members = _PolicyReader(api, response, data if isinstance(data, dict) else {})
    host = members.text(names.host)
    if not _is_storage_url(host, allow_http):
        allowed = "an http(s) URL" if allow_http else "a public https URL"
        raise members.malformed(names.host, f"{safe_repr(host)}; allowed: {allowed}")
    lifetime = members.number(names.seconds) or api.upload.policy_expires_after
    max_megabytes = members.number(names.max_file_mb)
    form = api.names.form
    copied = [name for name in api.upload.form[:-1] if name not in (form.key, form.status)]
    return UploadPolicy(
        host=host,
        folder=members.text(names.folder).rstrip("/"),
        max_bytes=max_megabytes * MIB if max_megabytes else None,
        renew_at=now + lifetime,
        field_order=api.upload.form,
        fields={name: members.text(name) for name in copied} | {form.status: api.upload.accepted_status},
        key_field=form.key,
    )


class _PolicyReader:
    """Read members by their names in the form, which has dashes or capitals instead of underscores."""

    def __init__(self, api: ApiTables, response: Response, data: dict[str, Any]) -> None:
        self._api = api
        self._response = response
        self._data = {_normalize_name(name): value for name, value in data.items()}

    def text(self, name: str) -> str:
        value = self._data.get(_normalize_name(name))
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise self.malformed(name, "not text")
        return str(value)

    def number(self, name: str) -> int | None:
        """Return a whole number above 0, written as a number or in digits; None for anything else."""
        digits = str(self._data.get(_normalize_name(name)))
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None

    def malformed(self, name: str, actual: str) -> MalformedResponseError:
        return malformed_response_error(self._api, self._response, f"{name} of the upload policy is {actual}")


def _normalize_name(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def _is_storage_url(url: str, allow_http: bool) -> bool:
    host = get_host(url)
    if host is None or "?" in url or "#" in url:
        return False
    return allow_http or (url[:8].lower() == "https://" and not is_private(host))


def storage_error(api: ApiTables, response: Response, argument: str) -> WanError:
    """Return the error for a response of the storage: ServiceError if another attempt may help."""
    names = api.names.storage
    is_transient = not 400 <= response.status < 500 or response.status in api.upload.retry_statuses
    family: type[WanError] = ServiceError if is_transient else InvalidRequestError
    reason = _xml_text(response, names.message) or "no reason is given"
    return family(
        f"the upload of {argument} was refused by the store: {reason}",
        status=response.status,
        code=_xml_text(response, names.code),
        request_id=_xml_text(response, names.request_id),
    )


def _xml_text(response: Response, name: str) -> str | None:
    """Return the text of an element without an XML parser: the document is flat, and untrusted."""
    match = re.search(
        rf"<{name}>([^<]{{1,1000}})</{name}>", response.body[:10_000].decode("utf-8", "replace")
    )
    return sanitize(match[1]) or None if match else None
