"""Signed result URLs: their expiry, the pictures behind them, and range requests."""

import hashlib
import re
from collections.abc import Mapping

from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.http_messages import Request, Response
from wanlib.emulator.core.routes import RESULTS
from wanlib.emulator.jobs.job import NEVER, InputImage, Job
from wanlib.emulator.jobs.rendering import InputPanel, RenderSpec

MAX_INPUT_PIXELS = 25_000_000
"""An input with more pixels is not opened; its label is drawn instead."""


class ResultStorage:
    """Creates and resolves the URLs of result pictures."""

    def __init__(self, context: EmulatorContext, key: str) -> None:
        """Create the result storage of one emulator.

        Args:
            context: The emulator.
            key: Signs the URLs.
        """
        self._context = context
        self._key = key
        self._names = context.vendor.names.form

    def url_for(self, job: Job, index: int, origin: str) -> str:
        """Return the URL of a picture, in the form of the vendor's storage.

        Args:
            job: The job.
            index: Number of the picture, from 0.
            origin: Scheme and host.
        """
        path = f"{RESULTS}/{job.id}/{index}.{self._format(job)}"
        expires = 0 if job.ended == NEVER else int(job.links_expire_at(self._context.lifecycle))
        signed = self._sign(f"{path} {expires}")
        names = self._names
        return f"{origin}{path}?Expires={expires}&{names.access_key}=emulator&{names.signature}={signed}"

    def lookup(self, name: str, query: Mapping[str, str]) -> RenderSpec | str:
        """Resolve the path of a result, `ID/NUMBER.png`.

        Returns:
            What to render; or `absent`, `expired` or `forged`, rows of `storage` in `service.yaml`.
        """
        key, _, file = name.partition("/")
        job = self._context.store.jobs.get(key)
        number, _, suffix = file.partition(".")
        now = self._context.clock.wall()
        is_signed = self._has_valid_signature(name, query)
        if job is None:
            return "expired" if is_signed else "absent"
        if suffix != self._format(job) or not (number.isascii() and number.isdecimal() and len(number) < 4):
            return "absent"
        if not is_signed:
            return "forged"
        if job.are_links_expired(self._context.lifecycle, now):
            return "expired"
        if int(number) >= job.image_count() or (job.is_task and now < job.ended):
            return "absent"
        return self.render_spec(job, int(number))

    def render_spec(self, job: Job, index: int) -> RenderSpec:
        """Return the specification from which a picture is rendered.

        Args:
            job: The job.
            index: Number of the picture, from 0.

        Raises:
            IndexError: The job has no such picture.
        """
        spec = job.spec
        seed, number = spec.seeds[index]
        return RenderSpec(
            *spec.size,
            spec.prompt,
            tuple(map(self._input_panel, spec.inputs)),
            f"seed {seed}" + (f" picture {number + 1}" if number else ""),
            self._context.vendor.watermark if spec.watermark else "",
            MAX_INPUT_PIXELS,
        )

    def _input_panel(self, image: InputImage) -> InputPanel:
        shown = image.width * image.height <= MAX_INPUT_PIXELS
        return InputPanel(
            image.label, image.format, self._context.blobs.get(image.blob_key) if shown else None
        )

    def _format(self, job: Job) -> str:
        """Return the file format of a job's pictures, with which their names end."""
        return str(self._context.spec.family(job.spec.model).output["format"])

    def _has_valid_signature(self, name: str, query: Mapping[str, str]) -> bool:
        """Return True if the emulator signed this URL, although its job has been deleted."""
        path = f"{RESULTS}/{name}"
        return query.get(self._names.signature) == self._sign(f"{path} {query.get('Expires')}")

    def _sign(self, text: str) -> str:
        return hashlib.sha256((self._key + text).encode("utf-8", "replace")).hexdigest()[:28]


_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})?", re.ASCII)


def picture_response(picture: bytes, media_type: str) -> Response:
    """Build the response with a complete picture, whose ETag is a digest of its bytes."""
    etag = f'"{hashlib.md5(picture, usedforsecurity=False).hexdigest().upper()}"'
    headers = (("content-type", media_type), ("etag", etag), ("accept-ranges", "bytes"))
    return Response(200, headers, (picture,))


def select_range(response: Response, request: Request) -> Response:
    """Return the requested range of a picture, or the complete response.

    One range from a first byte is served, by RFC 9110, section 14.2; other forms are ignored.
    """
    match = _RANGE.fullmatch(request.headers.get("range", "").strip())
    etag = response.header("etag")
    if response.status != 200 or etag is None or match is None:
        return response
    if request.headers.get("if-range", etag).strip() != etag:
        return response
    body = response.body
    first, last = int(match[1]), min(int(match[2] or len(body)), len(body) - 1)
    if match[2] and int(match[2]) < first:
        return response
    if first > last:
        return Response(416, (("content-range", f"bytes */{len(body)}"),), ())
    headers = (*response.headers, ("content-range", f"bytes {first}-{last}/{len(body)}"))
    return response._replace(status=206, headers=headers, parts=(body[first : last + 1],))
