"""What a request asks for, once it is accepted: all that is needed to make its pictures."""

from typing import NamedTuple


class Input(NamedTuple):
    """An input image.

    width, height: 0 where nobody saw it. piece: its bytes in the spool, "" where there are none.
    """

    label: str
    width: int = 0
    height: int = 0
    format: str = ""
    piece: str = ""


class Order(NamedTuple):
    """size: of every picture. pictures: how many at most; exact: whether so many are made.

    seeds: of each picture (seed, index), the same for the same picture. one_choice: whether all stand in
    one choice. texts: whether text stands between them. told: whether results repeat the prompt;
    extended: whether it was rewritten.
    """

    model: str
    call: str
    prompt: str
    inputs: tuple[Input, ...]
    size: tuple[int, int]
    pictures: int
    exact: bool
    seeds: tuple[tuple[int, int], ...]
    watermark: bool
    one_choice: bool
    texts: bool
    told: bool
    extended: bool
