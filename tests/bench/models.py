"""The models that somebody would write with pydantic for wan2.7: its field rules, strict, no hooks."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints

_Url = Annotated[str, StringConstraints(strict=True, pattern=r"^(https?|oss)://|^data:[a-z]+/[a-z]+;base64,")]
_Size = Annotated[
    str, StringConstraints(strict=True, pattern=r"^(?:[124]K|[1-9][0-9]{0,5}\*[1-9][0-9]{0,5})$")
]
_Coordinate = Annotated[StrictInt, Field(ge=0)]
_Box = Annotated[list[_Coordinate], Field(min_length=4, max_length=4)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Colour(_Closed):
    """An entry of a palette."""

    hex: Annotated[str, StringConstraints(strict=True, pattern="^#[0-9A-Fa-f]{6}$")]
    ratio: Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{1,3}\.[0-9]{2}%$")]


class Part(_Closed):
    """An image or a text; which of the two is not checked, since only a hook could."""

    image: _Url | None = None
    text: Annotated[str, StringConstraints(strict=True, max_length=5000)] | None = None


class Message(_Closed):
    """The one message of a body."""

    role: Literal["user"]
    content: Annotated[list[Part], Field(min_length=1, max_length=10)]


class Input(_Closed):
    """The question of one message."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=1)]


class Parameters(_Closed):
    """How it is to be made."""

    size: _Size | None = None
    n: Annotated[StrictInt, Field(ge=1, le=12)] | None = None
    enable_sequential: StrictBool | None = None
    thinking_mode: StrictBool | None = None
    bbox_list: Annotated[list[Annotated[list[_Box], Field(max_length=2)]], Field(max_length=9)] | None = None
    color_palette: Annotated[list[Colour], Field(min_length=3, max_length=10)] | None = None
    watermark: StrictBool | None = None
    seed: Annotated[StrictInt, Field(ge=0, le=2147483647)] | None = None


class Body(_Closed):
    """A request body."""

    model: Literal["wan2.7-image-pro", "wan2.7-image"]
    input: Input
    parameters: Parameters | None = None
