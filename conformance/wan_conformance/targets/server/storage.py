"""A server's temporary storage: an image is uploaded first, so that a body can name it."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx

from wan_conformance.targets.server.response_checks import (
    ResponseChecker,
    describe_response,
)
from wan_conformance.targets.server.server import ApiServer, ResponseProblemError
from wanlib.base.redaction import redact_text
from wanlib.boundary.images import data_uri_of_image, encode_image
from wanlib.spec import Spec, interpret

_SCHEME = "oss://"
_FILE = re.compile(rf"(?i:{_SCHEME})[^\s\x00-\x1f\x7f]+")
_NAME = "picture.png"
_SIDE = 512  # within every model's limits

# The form's fields by the members of a policy; the file comes last.
_FIELDS = {
    "OSSAccessKeyId": "oss_access_key_id",
    "Signature": "signature",
    "policy": "policy",
    "x-oss-object-acl": "x_oss_object_acl",
    "x-oss-forbid-overwrite": "x_oss_forbid_overwrite",
}


class NoStorageError(Exception):
    """The server does not permit an upload; the message contains its answer."""


class UploadedImages:
    """One image per model, uploaded when it is first needed."""

    def __init__(self, spec: Spec, server: ApiServer) -> None:
        self._spec = spec
        self._server = server
        self._replies = ResponseChecker(spec)
        self._keys: dict[str, str | Exception] = {}

    def with_uploaded_image(self, body: Any, model: Any, call: str | None) -> Any:
        """Return the body with the uploaded image in place of every file that it names.

        Args:
            body: The body, any JSON.
            model: Its model.
            call: How it is sent; None if unknown.

        Returns:
            The body; None if no image can be uploaded, or if a rule depends on properties of the image that
            the case leaves open.

        Raises:
            httpx.HTTPError: The storage cannot be reached.
        """
        if model is None or self._spec.base(model) is None:
            return None
        if self._violated_rules(
            _replace_files(body, lambda _: data_uri_of_image("png", _SIDE, _SIDE)), call
        ) != self._violated_rules(body, call):
            return None
        try:
            key = self._key(model)
        except (NoStorageError, ResponseProblemError):
            return None
        return _replace_files(body, lambda text: text[: len(_SCHEME)] + key)

    def url(self, model: str) -> str:
        """Return the URL of the image for a model, by which a body names it.

        Raises:
            NoStorageError: The server does not permit an upload.
            ResponseProblemError: The permission or the upload is not as documented.
            httpx.HTTPError: The storage cannot be reached.
        """
        return _SCHEME + self._key(model)

    def _key(self, model: str) -> str:
        if model not in self._keys:
            try:
                self._keys[model] = self._upload(model)
            except (NoStorageError, ResponseProblemError) as error:
                self._keys[model] = error
        key = self._keys[model]
        if isinstance(key, Exception):
            raise key
        return key

    def _violated_rules(self, body: Any, call: str | None) -> list[str]:
        return [violation.rule for violation in interpret(self._spec, body, call)]

    def _upload(self, model: str) -> str:
        """Upload the image and return its key."""
        policy = self._get_policy(model)
        key = f"{policy['upload_dir']}/{_NAME}"
        form = {name: str(policy[member]) for name, member in _FIELDS.items()}
        form |= {"key": key, "success_action_status": "200"}
        file = (_NAME, encode_image("png", _SIDE, _SIDE))
        try:
            request = httpx.Request("POST", str(policy["upload_host"]), data=form, files={"file": file})
            status = self._server.send(request).status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ResponseProblemError(f"upload_host can't be reached: {redact_text(str(error))}") from None
        if status != 200:
            raise ResponseProblemError(f"the upload of an image is answered {status}")
        return key

    def _get_policy(self, model: str) -> dict[str, Any]:
        """Return the members of the upload policy."""
        action = self._spec.wire["queries"]["policy"]["action"]["one_of"][0]
        reply = self._server.shared_call("policy", urlencode({"action": action, "model": model}))
        if reply.status != 200:
            raise NoStorageError(f"the server gives no upload policy ({describe_response(reply)})")
        self._replies.check(reply.body, "policy")
        policy: dict[str, Any] = reply.body["data"]
        return policy


def names_a_file(value: Any) -> bool:
    """Return whether a body names a file in storage; a URL without a key does not."""
    return _has_text(value, lambda text: _FILE.fullmatch(text) is not None)


def names_storage(value: Any) -> bool:
    """Return whether a body has a URL in storage, which needs a header."""
    return _has_text(value, lambda text: text[: len(_SCHEME)].lower() == _SCHEME)


def _has_text(value: Any, matches: Callable[[str], bool]) -> bool:
    if isinstance(value, list | dict):
        return any(
            _has_text(item, matches) for item in (value.values() if isinstance(value, dict) else value)
        )
    return isinstance(value, str) and matches(value)


def _replace_files(value: Any, replacement: Callable[[str], str]) -> Any:
    """Return the value with other texts in place of files in storage."""
    if isinstance(value, dict):
        return {name: _replace_files(item, replacement) for name, item in value.items()}
    if isinstance(value, list):
        return [_replace_files(item, replacement) for item in value]
    return replacement(value) if isinstance(value, str) and names_a_file(value) else value
