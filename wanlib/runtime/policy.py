"""Leave to upload files for a while, as the service grants it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from wanlib.base.hosts import host_of, is_private
from wanlib.base.shown import shown
from wanlib.runtime.answer import malformed, read_answer
from wanlib.runtime.errors import MalformedAnswer
from wanlib.runtime.exchange import Reply
from wanlib.runtime.tables import Api

_MB = 1_048_576


class Policy(NamedTuple):
    """Leave to upload.

    host: the URL to post to. folder: what keys begin with. most_bytes: of one file, None where nothing is
    said. renew_at: monotonic seconds. order: the fields of the form, the last of them the file. fields:
    their values, but for key and file. key: the name of the field that holds the key.
    """

    host: str
    folder: str
    most_bytes: int | None
    renew_at: float
    order: tuple[str, ...]
    fields: Mapping[str, str]
    key: str

    def form(self, key: str) -> list[tuple[str, str]]:
        """Names and values of the fields before the file, in their order."""
        values = {**self.fields, self.key: key}
        return [(name, values[name]) for name in self.order[:-1]]

    def __repr__(self) -> str:
        return f"<Policy for {self.folder}>"  # the fields are as good as a key


def read_policy(api: Api, reply: Reply, now: float, *, plain_ok: bool) -> Policy:
    """The policy of an answer.

    now: monotonic seconds, when it was asked for. plain_ok: whether it may name a host without TLS or in a
    private network. Raises MalformedAnswer.
    """
    names = api.names.policy
    data = read_answer(api, reply).get(names.data)
    members = _Members(api, reply, data if isinstance(data, dict) else {})
    host = members.text(names.host)
    if not _is_host(host, plain_ok):
        allowed = "an http(s) URL" if plain_ok else "a public https URL"
        raise members.wrong(names.host, f"{shown(host)}, where {allowed} was due")
    lasts = members.number(names.seconds) or api.upload.policy_expires_after
    most = members.number(names.max_file_mb)
    form = api.names.form
    own = [name for name in api.upload.form[:-1] if name not in (form.key, form.status)]
    return Policy(
        host=host,
        folder=members.text(names.folder).rstrip("/"),
        most_bytes=most * _MB if most else None,
        renew_at=now + lasts,
        order=api.upload.form,
        fields={name: members.text(name) for name in own} | {form.status: api.upload.accepted_status},
        key=form.key,
    )


class _Members:
    """The members of the policy by their names in the form, which has dashes or capitals for underscores."""

    def __init__(self, api: Api, reply: Reply, data: dict[str, Any]) -> None:
        self._api = api
        self._reply = reply
        self._data = {_folded(name): value for name, value in data.items()}

    def text(self, name: str) -> str:
        value = self._data.get(_folded(name))
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise self.wrong(name, "no text")
        return str(value)

    def number(self, name: str) -> int | None:
        """A whole number above 0, as a number or in digits; the pages and the service differ in that."""
        digits = str(self._data.get(_folded(name)))
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None

    def wrong(self, name: str, met: str) -> MalformedAnswer:
        return malformed(self._api, self._reply, f"the upload policy has for {name} {met}")


def _folded(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def _is_host(url: str, plain_ok: bool) -> bool:
    host = host_of(url)
    if host is None or "?" in url or "#" in url:
        return False
    return plain_ok or (url[:8].lower() == "https://" and not is_private(host))
