"""Accepted values to an order: how many pictures, how large, in which form."""

from wanlib.emulator.order import Input, Order
from wanlib.emulator.size import promised
from wanlib.emulator.values import Values
from wanlib.emulator.world import World

_SEEDS = 1 << 31
_UNSEEN = "1024*1024"  # what an image is taken for that the emulator has not seen


def make_order(world: World, values: Values, model: str, call: str, inputs: tuple[Input, ...]) -> Order:
    """What a request asks for."""
    names = world.vendor.fields
    count = values.get(values.under(values.family.count_of) or "")
    count = max(1, count) if isinstance(count, int) else 1
    one_choice = values.under(values.family.set_form) == "one choice"
    return Order(
        model=model,
        call=call,
        prompt=_text(values.get(names["prompt"])),
        inputs=inputs,
        size=promised(values, names["size"], inputs, _UNSEEN),
        pictures=count,
        exact=values.under(values.family.count_is) != "at most",
        seeds=_seeds(world, values, count),
        watermark=values.get(names["watermark"]) is True,
        one_choice=one_choice,
        # No page says of a mode that it writes text but that of the models that stream it.
        texts=one_choice and "stream" in world.spec.calls(model),
        told=values.has(names["rewriting"]),
        extended=values.get(names["rewriting"]) is True,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _seeds(world: World, values: Values, count: int) -> tuple[tuple[int, int], ...]:
    """A seed and a number for each; where each further picture has a higher seed, the number stays 0."""
    given = values.get(world.vendor.fields["seed"])
    first = given if isinstance(given, int) else world.random.randrange(_SEEDS)
    step: int | None = values.family.output.get("seed_step")
    if step:
        return tuple([(first + index * step, 0) for index in range(count)])
    return tuple([(first, index) for index in range(count)])
