"""Arguments and options about the content of a call: model, prompt, images and parameters."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from wanlib.base.redaction import safe_repr
from wanlib.cli.errors import CliError
from wanlib.cli.input_files import read_bytes
from wanlib.cli.strict_json import InvalidJsonError, parse_json

ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="The name of the model; `wanlib rules` lists the models.")
]
PromptArgument = Annotated[str, typer.Argument(metavar="PROMPT", help="What to create.")]
_IMAGE = "FILE|URL"
_IMAGE_HELP = "A file, a URL (http, https, data, oss, file), or - for standard input. Repeat for more images."
ImagesOption = Annotated[list[str], typer.Option("--image", "-i", metavar=_IMAGE, help=_IMAGE_HELP)]
OptionalImagesOption = Annotated[
    list[str] | None, typer.Option("--image", "-i", metavar=_IMAGE, help=_IMAGE_HELP)
]

_has_scheme = re.compile(r"(?i)data:|[a-z][a-z0-9+.-]+://").match
_NOT_PARAMETERS = ("settings", "extra", "allow")
_BOOLEANS = {"TRUE": "true", "True": "true", "FALSE": "false", "False": "false"}


@dataclass(frozen=True)
class ParameterOptions:
    """The parameters of a call; only those that are set are sent.

    Attributes:
        size: A keyword such as 2K, or width*height in pixels.
        n: The number of pictures.
        seed: The random seed.
        watermark: Whether the pictures get a watermark.
        negative_prompt: What the pictures must not show.
        mask: The image that marks the area to edit.
        settings: Other parameters, each `name=value`.
        extra: Parameters that the spec does not have, each `name=value`.
        allow: Ids of rules that the call may violate.
    """

    size: Annotated[str | None, typer.Option(metavar="SIZE", help="2K, or width*height in pixels.")] = None
    n: Annotated[int | None, typer.Option("--n", metavar="N", help="Number of pictures.")] = None
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Random seed; the same one makes similar pictures likely.")
    ] = None
    watermark: Annotated[
        bool | None, typer.Option("--watermark/--no-watermark", help="Add a watermark or not.")
    ] = None
    negative_prompt: Annotated[str | None, typer.Option(metavar="TEXT", help="What not to create.")] = None
    mask: Annotated[
        str | None, typer.Option(metavar=_IMAGE, help="An image that marks the area to edit.")
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Another parameter; the value is JSON or text."),
    ] = None
    extra: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A parameter that is not in the spec, sent unchecked."),
    ] = None
    allow: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Send the call even if this rule is violated.")
    ] = None

    def read(self) -> dict[str, Any]:
        """Return the parameters as keyword arguments of the client's methods.

        Raises:
            CliError: A parameter is malformed or set twice.
        """
        own = {}
        for option in fields(self):
            value = getattr(self, option.name)
            if value is not None and option.name not in _NOT_PARAMETERS:
                own[option.name] = parse_image(value) if _is_image(option) else value
        taken = {**own, **dict.fromkeys(_reserved_names())}
        own |= parse_pairs("--set", self.settings or (), taken)
        extra = parse_pairs("--extra", self.extra or (), {})
        return own | ({"extra": extra} if extra else {}) | ({"allow": self.allow} if self.allow else {})


def _is_image(option: "Field[Any]") -> bool:
    """Return whether the value of an option is an image, by its metavar."""
    return any(getattr(info, "metavar", None) == _IMAGE for info in get_args(option.type))


def _is_text(option: "Field[Any]") -> bool:
    return bool(get_args(option.type)[0] == str | None)


def parse_images(texts: Sequence[str]) -> list[Any]:
    """Return the images of `--image`.

    Raises:
        CliError: Standard input is named twice or cannot be read.
    """
    if texts.count("-") > 1:
        raise CliError("-i -: standard input can hold only one image; use files for the others")
    return [parse_image(text) for text in texts]


def parse_image(text: str) -> Any:
    """Return an image for the client: a Path, a URL, or for `-` the bytes of standard input.

    Raises:
        CliError: Standard input cannot be read.
    """
    return read_bytes("-") if text == "-" else path_or_url(text)


def path_or_url(text: str) -> Path | str:
    """Return the image of a text: a URL as it is, a Path for any other text."""
    return text if _has_scheme(text) else Path(text)


def image_parameters() -> set[str]:
    """Return the names of the parameters whose value is one image."""
    return {option.name for option in fields(ParameterOptions) if _is_image(option)}


def parse_value(name: str, text: str) -> Any:
    """Return the value of a parameter: an image or a text if its option is one, else JSON or text.

    Spreadsheets write `TRUE` and `FALSE`, which are taken for the values of JSON.
    """
    if name in image_parameters():
        return path_or_url(text)
    if name in {option.name for option in fields(ParameterOptions) if _is_text(option)}:
        return text
    try:
        return parse_json(_BOOLEANS.get(text, text).encode("utf-8", "surrogatepass"))
    except InvalidJsonError:
        return text


def parse_pairs(option: str, texts: Sequence[str], taken: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of `name=value` texts by name.

    Args:
        option: The option, for messages.
        texts: The texts.
        taken: Names that have their own option.

    Raises:
        CliError: A text has no name, or a name is repeated or taken.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not name or not sign:
            raise CliError(f"{option} {safe_repr(text)}: expected name=value, such as {option} n=2")
        if name in values or name in taken:
            raise CliError(f"{option} {safe_repr(name)}: it is set twice or has its own option")
        values[name] = parse_value(name, value)
    return values


def _reserved_names() -> set[str]:
    """Return the arguments of the client's methods that are not parameters of a model."""
    from wanlib.client.call.options import WaitOrSyncOptions

    return {"self", "model", "prompt", "images", *WaitOrSyncOptions.__annotations__}
