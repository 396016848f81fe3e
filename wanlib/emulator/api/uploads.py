"""The temporary upload: a policy, the form that follows it, and the files that stay for two days."""

import base64
import hashlib
import hmac
import json
import re
from itertools import islice
from typing import Any, NamedTuple

from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.http_messages import Request
from wanlib.emulator.core.routes import STORAGE
from wanlib.emulator.core.time import TimestampFormat
from wanlib.emulator.jobs.lifecycle import has_elapsed
from wanlib.emulator.storage.store import Upload
from wanlib.spec.source.annotated import parse_duration
from wanlib.validation.image_header import image_info_from_bytes

_BOUNDARY = re.compile(r'multipart/form-data;.*\bboundary=(?:"([^"]{1,70})"|([^\s;,]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'content-disposition:[^\r\n]*[;\s]name="([^"\r\n]*)"', re.IGNORECASE)
_MAX_FIELDS = 64


class FormField(NamedTuple):
    """One field of a form."""

    name: str
    data: bytes


def parse_multipart(content_type: str, body: bytes) -> list[FormField]:
    """The fields in their order. ValueError says what keeps it from being read."""
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise ValueError("the content type names no boundary")
    boundary = re.escape((found[1] or found[2]).encode("latin-1", "replace"))
    lines = re.finditer(rb"(?:\A|\r\n)--" + boundary + rb"(--)?[ \t]*(?:\r\n|\Z)", body)
    parts, start = [], -1
    for line in islice(lines, _MAX_FIELDS):
        if start >= 0:
            parts.append(_parse_field(body[start : line.start()]))
        if line[1]:
            return parts
        start = line.end()
    raise ValueError("the last boundary is missing")


def _parse_field(piece: bytes) -> FormField:
    head, empty, data = piece.partition(b"\r\n\r\n")
    name = _NAME.search(head)
    if not empty or name is None:
        raise ValueError("a part has no name")
    return FormField(name[1].decode("utf-8", "replace"), data)


_MEGABYTE = 1 << 20


class UploadRejected(Exception):
    """A form that the storage does not take. situation: of `storage` in service.yaml."""

    def __init__(self, situation: str, what: str = "") -> None:
        super().__init__(situation)
        self.situation = situation
        self.what = what


class UploadStorage:
    """Policies hold all that is needed to judge a form, so none is remembered; a secret signs them."""

    def __init__(self, context: EmulatorContext) -> None:
        self._context = context
        self._rules = context.vendor.upload
        self._names = context.vendor.names.form
        self._form: list[str] = context.spec.wire["upload"]["form"]
        self._lifetime = parse_duration(context.spec.wire["upload"]["expires"])
        self._policy_lifetime = parse_duration(context.spec.wire["upload"]["policy_expires"])
        self._secret = context.random.randbytes(20)
        self._access_key = f"LTAI{context.random.getrandbits(64):016x}"
        self._day = TimestampFormat("YYYY-MM-DD", "+00:00")

    def create_policy(self, model: str, origin: str) -> dict[str, Any]:
        """The `data` of an answer: leave to upload files for one model."""
        now, told = self._context.clock.wall(), self._rules
        folder = f"{told['folder']}/{self._context.random.getrandbits(64):016x}/{self._day.format(now)}"
        folder = f"{folder}/{self._context.new_id()}"
        terms = {"since": now, "folder": folder, "model": model}
        policy = base64.b64encode(json.dumps(terms).encode()).decode()
        names = self._context.vendor.names.policy
        return {
            names.policy: policy,
            names.signature: self._sign(policy),
            names.folder: folder,
            names.host: origin + STORAGE,
            names.seconds: int(self._policy_lifetime),
            names.max_file_mb: told["max_file_mb"],
            names.capacity_mb: told["capacity_mb"],
            names.access_key: self._access_key,
            names.acl: told["acl"],
            names.forbid_overwrite: told["forbid_overwrite"],
        }

    def store_upload(self, request: Request) -> None:
        """Keeps the file of a form. Denied where the form, its policy or its file is not in order."""
        try:
            parts = parse_multipart(request.headers.get("content-type", ""), request.body)
        except ValueError as error:
            raise UploadRejected("malformed", str(error)) from None
        fields = self._fields(parts)
        terms = self._policy_claims(fields)
        key, data = fields[self._names.key], parts[-1].data
        if not key.startswith(terms["folder"] + "/") or len(key) > 1024:
            raise UploadRejected("denied", "the key does not begin with the folder of the policy.")
        if len(data) > self._rules["max_file_mb"] * _MEGABYTE:
            raise UploadRejected("large")
        if self._context.store.uploads.get(key):
            raise UploadRejected("taken")
        self._save(key, terms["model"], data)

    def find_upload(self, url: str, model: str) -> Upload | None:
        """The upload behind an `oss://` URL, if this model may use it still."""
        upload = self._context.store.uploads.get(url.partition("://")[2])
        if upload is None or upload.model != model or self._is_expired(upload):
            return None
        return upload

    def read_upload(self, upload: Upload) -> bytes:
        """The file; nothing where there was no room for it."""
        return self._context.blobs.get(upload.blob_key) or b""

    def purge_expired(self) -> None:
        """Forgets the files whose time is over."""
        uploads = self._context.store.uploads
        while (oldest := uploads.first()) and self._is_expired(oldest):
            uploads.drop(oldest.key)
            self._context.blobs.release(oldest.blob_key)

    def _fields(self, parts: list[FormField]) -> dict[str, str]:
        """The fields before the file, which comes last."""
        last = self._form[-1]
        if not parts or parts[-1].name != last:
            raise UploadRejected("malformed", f"the last field is not {last}.")
        fields = {part.name: part.data.decode("utf-8", "replace") for part in parts[:-1]}
        for name in self._form[:-1]:
            if name not in fields:
                raise UploadRejected("denied", f"the field {name} is missing.")
        return fields

    def _policy_claims(self, fields: dict[str, str]) -> dict[str, Any]:
        """What the policy of a form allows."""
        names, policy = self._names, fields[self._names.policy]
        if (fields[names.signature], fields[names.access_key]) != (self._sign(policy), self._access_key):
            raise UploadRejected("forged")
        terms: dict[str, Any] = json.loads(base64.b64decode(policy))
        if has_elapsed(self._policy_lifetime, terms["since"], self._context.clock.wall()):
            raise UploadRejected("stale")
        return terms

    def _save(self, key: str, model: str, data: bytes) -> None:
        facts = image_info_from_bytes(data)
        sides = (facts.format or "", facts.width or 0, facts.height or 0)
        piece = self._context.blobs.add(data)
        if data and not piece:
            raise UploadRejected("large")
        upload = Upload(key, model, self._context.clock.wall(), len(data), piece, *sides)
        self._context.store.uploads.put(key, upload)

    def _is_expired(self, upload: Upload) -> bool:
        return has_elapsed(self._lifetime, upload.at, self._context.clock.wall())

    def _sign(self, policy: str) -> str:
        digest = hmac.digest(self._secret, policy.encode("utf-8", "replace"), hashlib.sha1)
        return base64.b64encode(digest).decode()
