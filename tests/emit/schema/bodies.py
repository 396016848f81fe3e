"""Valid bodies, written by hand, and the changes that make them invalid."""

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

from wanlib.spec import Spec


def messages(model: str, *parts: tuple[str, Any], **parameters: Any) -> dict[str, Any]:
    """A body of the messages form; no parameters where none are given."""
    message = {"role": "user", "content": [{name: value} for name, value in parts]}
    return {"model": model, "input": {"messages": [message]}} | (
        {"parameters": parameters} if parameters else {}
    )


def wanx(function: str, more: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    """A body of the function form."""
    own = {"function": function, "prompt": "A hat", "base_image_url": URL} | more
    return {"model": "wanx2.1-imageedit", "input": own, "parameters": parameters}


URL = "https://example.com/a.png"
DATA = "Data:image/png;base64,AAAA"
IMAGE, TEXT = ("image", URL), ("text", "Place the clock beside the vase")
PALETTE = [
    {"hex": f"#{digit * 3}0aF", "ratio": f"{part}%"}
    for digit, part in zip("05f", ("33.33", "33.33", "33.34"), strict=True)
]
VALID: list[dict[str, Any]] = [
    messages("wan2.7-image", IMAGE, ("image", "oss://bucket/b.png"), TEXT, size="2K", n=1, watermark=False),
    messages("wan2.7-image", TEXT, IMAGE, bbox_list=[[[10, 20, 30, 40], [0, 0, 5, 5]]], seed=7),
    messages("wan2.7-image-pro", TEXT, size="4K", thinking_mode=True, n=4, color_palette=PALETTE),
    messages("wan2.7-image-pro", TEXT, size="1024*1024", enable_sequential=True, n=12),
    messages("wan2.7-image-pro", IMAGE, IMAGE, IMAGE, TEXT, bbox_list=[[], [[1, 2, 3, 4]], []], size="1K"),
    messages("wan2.7-image-pro", TEXT),
    messages("wan2.6-image", IMAGE, TEXT, size="1K", n=2, prompt_extend=True, negative_prompt="blur"),
    messages("wan2.6-image", TEXT, IMAGE, enable_interleave=True, max_images=3, n=1, stream=True),
    messages("wan2.6-image", IMAGE, TEXT, IMAGE),
    {
        "model": "wan2.5-i2i-preview",
        "input": {"prompt": "Make it dusk", "images": [URL, DATA], "negative_prompt": "blur"},
        "parameters": {"size": "1280*1280", "n": 1, "prompt_extend": False, "watermark": True, "seed": 0},
    },
    {"model": "wan2.5-i2i-preview", "input": {"prompt": "Make it dusk", "images": [URL]}},
    wanx("description_edit_with_mask", {"mask_image_url": URL}, n=1, seed=2147483647),
    wanx("expand", {"base_image_url": DATA}, top_scale=1.5, left_scale=2, watermark=False),
    wanx("stylization_all", {}, strength=0.5),
    wanx("doodle", {}, is_sketch=True),
    wanx("super_resolution", {}, upscale_factor=4.0),
]
ANYWHERE: list[Any] = [None, True, False, -0.0, 1e300, 10**30, -(10**30), 2.0000001, "", [], {}, [[]], [None]]
SIZES = [
    "1K",
    "2K",
    "4K",
    "2k",
    "0*5",
    "1024x1024",
    "8000*100",
    "1024*1024",
    "1024*1024\n",
    "1000000*1",
    "\uff19*\uff19",
]
PERCENTS = ["23.51%", "23.51%\n", "100%", "5.5%", "1000.00%", "01.00%", "%", "-1.00%"]
HEXES = ["#C2D1E6", "#C2D1E6\n", "C2D1E6", "#c2d1eg"]
URLS = [
    URL,
    DATA,
    "HTTPS://x",
    "http:/x",
    "data:",
    "data:\u4f8b",
    "oss://",
    "oss:/x",
    "ftp://x",
    " https://x",
    "https://\u4f8b",
]
BOXES = [[[1, 2, 3, 4]], [[1, -2, 3.0, 4.5]], [[1]], [[]] * 3, [[0, 0, 9, 9, 9]]]
LISTS = [
    [URL],
    [URL] * 4,
    [1],
    PALETTE,
    PALETTE[:2],
    PALETTE * 4,
    [*PALETTE, {"hex": "x", "ratio": "1%"}, 5, {"a": 1}],
]
LISTS += [[box] for box in BOXES] + [[[]] * count for count in (2, 3, 9, 10, 11, 18)]


class Striker:
    """Breaks bodies at random places, mostly with what is nearly right there."""

    def __init__(self, spec: Spec, valid: list[dict[str, Any]]) -> None:
        self.valid = valid
        self.types = {
            field.name: field.type
            for family in spec.families
            for field in family.walk()
            if field.name != "each"
        }
        self.types |= {"text": "text", "image": "image", "base_image_url": "image", "mask_image_url": "image"}
        limits: dict[str, list[Any]] = {rule.kind: [] for rule in spec.rules.values()}
        for rule in spec.rules.values():
            limits[rule.kind].append(rule.limit)
        listed = [word for words in limits["one_of"] for word in words if isinstance(word, str)]
        self.words = [*listed, *spec.models, *self.types, "model", "input", "parameters", "role", "content"]
        numbers = {
            near for limit in (*limits["min"], *limits["max"]) for near in (limit - 1, limit, limit + 1)
        }
        texts = [
            "\U0001f5bc" * count for limit in sorted(set(limits["max_chars"])) for count in (limit, limit + 1)
        ]
        self.by_type: dict[str, list[Any]] = {
            "boolean": [True, False],
            "image": URLS,
            "text": [*listed, *texts, *HEXES, ""],
            "size": SIZES,
            "percent": PERCENTS,
            "list": LISTS,
            "object": [{}, *PALETTE, {"hex": "#000000"}],
            "integer": [*sorted(numbers), 4.0, 2.5],
            "number": [*sorted(numbers), 1.0000001, 0.9999999],
        }

    def body(self, random: Random) -> Any:
        """A valid body after up to four blows; now and then something else altogether."""
        if random.random() < 0.01:
            return self._some(random)
        body = copy.deepcopy(random.choice(self.valid))
        for _ in range(random.randrange(5)):
            self._strike(random, body)
        return body

    def _strike(self, random: Random, body: dict[str, Any]) -> None:
        found = list(_places(body)) or [(body, "model")]
        container, key = random.choice(found)
        blow = random.choice(["give"] * 6 + ["replace"] * 3 + ["remove", "add", "repeat", "move", "move"])
        if blow == "give":
            self._give(random, body)
        elif blow == "replace":
            container[key] = self._typed(random, key) if random.random() < 0.6 else self._some(random)
        elif blow == "remove":
            container.pop(key) if key in container or isinstance(container, list) else None
        elif blow == "repeat" and isinstance(container, list):
            container[key:key] = copy.deepcopy([container[key]]) * random.choice([1, 2, 4, 9, 12])
        elif blow == "move" and key in container:
            other, place = random.choice(found)
            other[place] = copy.deepcopy(container[key])
        elif isinstance(container, dict):
            container[random.choice(self.words)] = self._some(random)

    def _give(self, random: Random, body: dict[str, Any]) -> None:
        """A field, mostly among the parameters, with a value of its type."""
        name = random.choice(list(self.types))
        holders = [body.get("parameters"), body.get("parameters"), body.get("input"), body]
        holder = random.choice([each for each in holders if isinstance(each, dict)])
        holder[name] = self._typed(random, name)

    def _typed(self, random: Random, name: Any) -> Any:
        values: list[Any] = self.by_type[self.types[name]] if name in self.types else ANYWHERE
        return copy.deepcopy(random.choice(values))

    def _some(self, random: Random) -> Any:
        pool: list[Any] = random.choice([ANYWHERE, self.words, *self.by_type.values()])
        value = copy.deepcopy(random.choice(pool))
        return random.choice([value, value, value, [value], {random.choice(self.words): value}])


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a body with each of its keys or indices."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])
