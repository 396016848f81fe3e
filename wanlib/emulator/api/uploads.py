"""Temporary uploads: the policy, the form that follows it, and the files, which are kept for two days.

A policy is signed and contains everything needed to check a form, so policies are not stored.
"""

import base64
import hashlib
import hmac
import json
import re
from itertools import islice
from typing import Any, NamedTuple

from wanlib.base.values import MIB
from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.http_messages import Request
from wanlib.emulator.core.routes import STORAGE
from wanlib.emulator.jobs.lifecycle import has_elapsed
from wanlib.emulator.storage.store import Upload
from wanlib.spec.model.timestamp_format import TimestampFormat
from wanlib.spec.source.annotated import parse_duration
from wanlib.validation.image_header import image_info_from_bytes

_BOUNDARY = re.compile(r'multipart/form-data;.*\bboundary=(?:"([^"]{1,70})"|([^\s;,]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'content-disposition:[^\r\n]*[;\s]name="([^"\r\n]*)"', re.IGNORECASE)
_MAX_FIELDS = 64


class FormField(NamedTuple):
    """One field of a form."""

    name: str
    data: bytes

    def __repr__(self) -> str:
        return f"<FormField {self.name!r}: {len(self.data):,} bytes>"


def parse_multipart(content_type: str, body: bytes) -> list[FormField]:
    """Parse a multipart form (RFC 7578).

    Args:
        content_type: The header of the request; it names the boundary.
        body: The form.

    Returns:
        The fields in order.

    Raises:
        ValueError: The form is malformed; the message states how.
    """
    match = _BOUNDARY.match(content_type)
    if match is None:
        raise ValueError("the content type has no boundary")
    boundary = re.escape((match[1] or match[2]).encode("latin-1", "replace"))
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


class UploadRejectedError(Exception):
    """The storage rejects a form.

    Attributes:
        error_key: A row of `storage` in `service.yaml`.
        detail: Fills the placeholder of its message.
    """

    def __init__(self, error_key: str, detail: str = "") -> None:
        """Create the exception; see the attributes."""
        super().__init__(error_key)
        self.error_key = error_key
        self.detail = detail


class UploadStorage:
    """Issues policies, and stores the files of forms."""

    def __init__(self, context: EmulatorContext) -> None:
        """Create the storage of one emulator, with its own secret."""
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
        """Build the `data` of a response: permission to upload files for one model.

        Args:
            model: The only model that can use the files.
            origin: Scheme and host of the storage.
        """
        now, rules = self._context.clock.wall(), self._rules
        folder = f"{rules['folder']}/{self._context.random.getrandbits(64):016x}/{self._day.format(now)}"
        folder = f"{folder}/{self._context.new_id()}"
        claims = {"since": now, "folder": folder, "model": model}
        policy = base64.b64encode(json.dumps(claims).encode()).decode()
        names = self._context.vendor.names.policy
        return {
            names.policy: policy,
            names.signature: self._sign(policy),
            names.folder: folder,
            names.host: origin + STORAGE,
            names.seconds: int(self._policy_lifetime),
            names.max_file_mb: rules["max_file_mb"],
            names.capacity_mb: rules["capacity_mb"],
            names.access_key: self._access_key,
            names.acl: rules["acl"],
            names.forbid_overwrite: rules["forbid_overwrite"],
        }

    def store_upload(self, request: Request) -> None:
        """Store the file of a form.

        Raises:
            UploadRejectedError: The form, its policy or its file is not valid.
        """
        try:
            parts = parse_multipart(request.headers.get("content-type", ""), request.body)
        except ValueError as error:
            raise UploadRejectedError("malformed", str(error)) from None
        fields = self._fields(parts)
        claims = self._policy_claims(fields)
        key, data = fields[self._names.key], parts[-1].data
        if not key.startswith(claims["folder"] + "/") or len(key) > 1024:
            raise UploadRejectedError("denied", "the key does not begin with the folder of the policy.")
        if len(data) > self._rules["max_file_mb"] * MIB:
            raise UploadRejectedError("large")
        if self._context.store.uploads.get(key):
            raise UploadRejectedError("taken")
        self._save(key, claims["model"], data)

    def find_upload(self, url: str, model: str) -> Upload | None:
        """Return the upload of an `oss://` URL; None if it is unknown, expired, or of another model."""
        upload = self._context.store.uploads.get(url.partition("://")[2])
        if upload is None or upload.model != model or self._is_expired(upload):
            return None
        return upload

    def read_upload(self, upload: Upload) -> bytes:
        """Return the bytes of a file; nothing if there was no room to store it."""
        return self._context.blobs.get(upload.blob_key) or b""

    def purge_expired(self) -> None:
        """Delete expired files."""
        uploads = self._context.store.uploads
        while (oldest := uploads.first()) and self._is_expired(oldest):
            uploads.drop(oldest.key)
            self._context.blobs.release(oldest.blob_key)

    def _fields(self, parts: list[FormField]) -> dict[str, str]:
        """Return the fields before the file, which must be last."""
        last = self._form[-1]
        if not parts or parts[-1].name != last:
            raise UploadRejectedError("malformed", f"the last field is not {last}.")
        fields = {part.name: part.data.decode("utf-8", "replace") for part in parts[:-1]}
        for name in self._form[:-1]:
            if name not in fields:
                raise UploadRejectedError("denied", f"the field {name} is missing.")
        return fields

    def _policy_claims(self, fields: dict[str, str]) -> dict[str, Any]:
        """Return the verified claims of a form's policy."""
        names, policy = self._names, fields[self._names.policy]
        if (fields[names.signature], fields[names.access_key]) != (self._sign(policy), self._access_key):
            raise UploadRejectedError("forged")
        claims: dict[str, Any] = json.loads(base64.b64decode(policy))
        if has_elapsed(self._policy_lifetime, claims["since"], self._context.clock.wall()):
            raise UploadRejectedError("stale")
        return claims

    def _save(self, key: str, model: str, data: bytes) -> None:
        info = image_info_from_bytes(data)
        sides = (info.format or "", info.width or 0, info.height or 0)
        blob_key = self._context.blobs.add(data)
        if data and not blob_key:
            raise UploadRejectedError("large")
        upload = Upload(key, model, self._context.clock.wall(), len(data), blob_key, *sides)
        self._context.store.uploads.put(key, upload)

    def _is_expired(self, upload: Upload) -> bool:
        return has_elapsed(self._lifetime, upload.at, self._context.clock.wall())

    def _sign(self, policy: str) -> str:
        digest = hmac.digest(self._secret, policy.encode("utf-8", "replace"), hashlib.sha1)
        return base64.b64encode(digest).decode()
