"""The temporary upload: images are posted to the vendor's storage and named by `oss://` URLs."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from wanlib.client.http.messages import Request, RequestBody, TransportError
from wanlib.client.http.responses import error_from_response, is_error_response
from wanlib.client.images.image_source import ImageSource
from wanlib.client.images.json_body import CHUNK, BodyChunk, StreamingBody, bytes_chunk
from wanlib.client.images.upload_policy import UploadPolicy, parse_policy, storage_error
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import Gather, Send, Steps
from wanlib.client.protocol.retrying import retry_call
from wanlib.client.protocol.timing import Deadline
from wanlib.errors import ConnectionFailedError, InvalidRequestError


class MultipartForm(NamedTuple):
    """A multipart form.

    Attributes:
        media_type: The value of Content-Type, with the boundary.
        content: The body, streamed, of exact length.
    """

    media_type: str
    content: RequestBody


def encode_multipart(
    fields: Sequence[tuple[str, str]], file_field: str, file_name: str, source: ImageSource
) -> MultipartForm:
    """Encode the fields in their order, then the file. Names are ASCII without quotes."""
    boundary = os.urandom(16).hex()  # random, so that no field and no file contains it
    texts = [_part(boundary, f'name="{name}"') + f"{value}\r\n" for name, value in fields]
    head = _part(boundary, f'name="{file_field}"; filename="{file_name}"', source.mime)
    pieces = (
        bytes_chunk(("".join(texts) + head).encode("utf-8")),
        BodyChunk(source.size, partial(_bytes, source)),
        bytes_chunk(f"\r\n--{boundary}--\r\n".encode("ascii")),
    )
    return MultipartForm(f"multipart/form-data; boundary={boundary}", StreamingBody(pieces))


def _part(boundary: str, parameters: str, mime: str = "") -> str:
    media_type = f"Content-Type: {mime}\r\n" if mime else ""
    return f"--{boundary}\r\nContent-Disposition: form-data; {parameters}\r\n{media_type}\r\n"


def _bytes(source: ImageSource) -> Iterator[bytes]:
    return (bytes(chunk) for chunk in source.chunks(CHUNK))


T = TypeVar("T")

UPLOAD_TIMEOUT = 600.0
"""Timeout for one file in seconds: 20 MB over a slow line."""
CONCURRENT_UPLOADS = 4
"""Uploads at once."""


def upload(
    context: ClientContext, model: str, sources: Sequence[ImageSource], deadline: Deadline
) -> Steps[list[str]]:
    """Upload images and return their `oss://` URLs, in order; valid only for calls of this model.

    Neither the key nor a file name of the user is sent to the storage.

    Raises:
        WanError: An upload failed. Uploads that succeeded cost nothing.
    """
    uploads = _Uploads(context, model, deadline)
    yield from uploads.retry(uploads.get_policy)  # once for all uploads, before they start
    urls = yield Gather([uploads.upload(source) for source in sources], CONCURRENT_UPLOADS)
    for url in urls:
        if isinstance(url, Exception):
            raise url
    return list(urls)


class _Uploads:
    """The uploads of one call, with their shared policy."""

    def __init__(self, context: ClientContext, model: str, deadline: Deadline) -> None:
        self._context, self._model, self._deadline = context, model, deadline
        self._policy: UploadPolicy | None = None

    def get_policy(self) -> Steps[UploadPolicy]:
        """Return the current policy, or a new one if it has expired; one attempt."""
        policy = self._policy
        if policy is None or self._context.clock.now() >= policy.renew_at:
            policy = self._policy = yield from self._get_policy()
        return policy

    def upload(self, source: ImageSource) -> Steps[str]:
        """Upload one image and return its URL."""
        return self.retry(partial(self._post, source))

    def retry(self, step: Callable[[], Steps[T]]) -> Steps[T]:
        """Return the result of a step, with retries where they may help."""
        return retry_call(step, "an upload", self._context.attempts, self._context.backoff(), self._deadline)

    def _get_policy(self) -> Steps[UploadPolicy]:
        requested_at = self._context.clock.now()  # the age of the policy counts from its request
        names = self._context.api.names.policy_query
        query = {names.action: self._context.api.upload.action, names.model: self._model}
        request = self._context.request("policy", self._deadline, query)
        try:
            response = yield Send(request)
        except TransportError as error:
            raise ConnectionFailedError(f"no upload policy from the service: {error}") from None
        if is_error_response(self._context.api, response) or not 200 <= response.status < 300:
            raise error_from_response(self._context.api, response, self._context.clock.wall())
        # An emulator has a store without TLS.
        is_local = self._context.settings.is_local
        return parse_policy(self._context.api, response, requested_at, allow_http=is_local)

    def _post(self, source: ImageSource) -> Steps[str]:
        policy = yield from self.get_policy()
        _check_file_size(source, policy)
        # A new key for each attempt: two files may have the same name, and a failed attempt may have arrived.
        name = os.urandom(16).hex() + (f".{source.info.format}" if source.info.format else "")
        key = f"{policy.folder}/{name}"
        try:
            response = yield Send(self._request(policy, key, name, source))
        except TransportError as error:
            raise ConnectionFailedError(f"{source.argument} could not be uploaded: {error}") from None
        if 200 <= response.status < 300:
            return f"{self._context.api.upload.scheme}://{key}"
        if response.status in self._context.api.upload.retry_statuses and self._policy is policy:
            self._policy = None
        raise storage_error(self._context.api, response, source.argument)

    def _request(self, policy: UploadPolicy, key: str, name: str, source: ImageSource) -> Request:
        form = encode_multipart(policy.form(key), policy.field_order[-1], name, source)
        headers = {"Content-Type": form.media_type, "Content-Length": str(form.content.length)}
        timeout = min(UPLOAD_TIMEOUT, max(self._deadline.remaining, 0.001))
        return Request("POST", policy.host, headers, form.content, timeout)


def _check_file_size(source: ImageSource, policy: UploadPolicy) -> None:
    if policy.max_bytes is not None and source.size > policy.max_bytes:
        raise InvalidRequestError(
            f"{source.argument} has {source.size:,} bytes; an upload for this model can have at most "
            f"{policy.max_bytes:,}: make it smaller, or give its http(s) link"
        )
