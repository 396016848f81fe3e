"""What a call asks for, as it stands at the prompt."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from wanlib.base.redaction import safe_repr
from wanlib.cli.errors import CliError
from wanlib.cli.input_files import read_input
from wanlib.cli.strict_json import InvalidJsonError, parse_json

ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="Its name; `wanlib rules` lists those that there are.")
]
PromptArgument = Annotated[str, typer.Argument(metavar="PROMPT", help="What to make.")]
_IMAGE = "FILE|URL"
_IMAGE_HELP = "A file, a URL (http, https, data, oss, file) or - for standard input; once for each image."
ImagesOption = Annotated[list[str], typer.Option("--image", "-i", metavar=_IMAGE, help=_IMAGE_HELP)]
MaybeImagesOption = Annotated[
    list[str] | None, typer.Option("--image", "-i", metavar=_IMAGE, help=_IMAGE_HELP)
]

_HAS_SCHEME = re.compile(r"(?i)data:|[a-z][a-z0-9+.-]+://").match
_NO_PARAMETERS = ("settings", "extra", "allow")


@dataclass(frozen=True)
class ParameterOptions:
    """The parameters of a call; none is sent unless it is given."""

    size: Annotated[str | None, typer.Option(metavar="SIZE", help="2K, or width*height in pixels.")] = None
    n: Annotated[int | None, typer.Option("--n", metavar="N", help="How many pictures.")] = None
    seed: Annotated[int | None, typer.Option(metavar="N", help="For the same picture again.")] = None
    watermark: Annotated[bool | None, typer.Option("--watermark/--no-watermark", help="Mark it or not.")] = (
        None
    )
    negative_prompt: Annotated[str | None, typer.Option(metavar="TEXT", help="What not to make.")] = None
    mask: Annotated[str | None, typer.Option(metavar=_IMAGE, help="An image that marks what to change.")] = (
        None
    )
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Another parameter; the value is JSON, else text."),
    ] = None
    extra: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A parameter newer than the spec, sent unjudged."),
    ] = None
    allow: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Send although this rule is broken.")
    ] = None

    def read(self) -> dict[str, Any]:
        """The keyword arguments of a verb. Raises Refusal."""
        own = {}
        for option in fields(self):
            value = getattr(self, option.name)
            if value is not None and option.name not in _NO_PARAMETERS:
                own[option.name] = parse_image(value) if _holds_image(option) else value
        own |= pairs("--set", self.settings or (), {**own, **dict.fromkeys(_reserved_names())})
        extra = pairs("--extra", self.extra or (), {})
        return own | ({"extra": extra} if extra else {}) | ({"allow": self.allow} if self.allow else {})


def _holds_image(option: "Field[Any]") -> bool:
    """Whether the value of an option is an image, as its metavar says."""
    return any(getattr(each, "metavar", None) == _IMAGE for each in get_args(option.type))


def parse_images(texts: Sequence[str]) -> list[Any]:
    """The images of `-i`. Raises Refusal."""
    if texts.count("-") > 1:
        raise CliError("-i -: standard input holds one image; give files for the others")
    return [parse_image(text) for text in texts]


def parse_image(text: str) -> Any:
    """A file's Path, a string that has a scheme, or the bytes of standard input. Raises Refusal."""
    if text == "-":
        return read_input()
    return text if _HAS_SCHEME(text) else Path(text)


def pairs(option: str, texts: Sequence[str], taken: Mapping[str, Any]) -> dict[str, Any]:
    """The values by name. Raises Refusal for no name, and for one that is given in another way."""
    found: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not name or not sign:
            raise CliError(f"{option} {safe_repr(text)}: due is name=value, such as {option} n=2")
        if name in found or name in taken:
            raise CliError(f"{option} {safe_repr(name)}: it is given twice, or has an option of its own")
        found[name] = _parse_value(value)
    return found


def _parse_value(text: str) -> Any:
    """JSON where it is JSON, else the text itself."""
    try:
        return parse_json(text.encode("utf-8", "surrogatepass"))
    except InvalidJsonError:
        return text


def _reserved_names() -> set[str]:
    """The arguments of the verbs that are no parameters of a model."""
    from wanlib.client.call.options import WaitOrSyncOptions

    return {"self", "model", "prompt", "images", *WaitOrSyncOptions.__annotations__}
