"""`wanlib size`: the legal size nearest to an aspect ratio."""

from typing import Annotated, Any

import typer

from wanlib.cli.errors import FINE, NO, CliError, print_error, resolve_model
from wanlib.cli.options.parameters import ModelArgument, pairs


def size(
    model: ModelArgument,
    ratio: Annotated[str, typer.Option(metavar="RATIO", help="Width to height: 16:9, 1.78 or 1920x1080.")],
    tier: Annotated[
        str | None,
        typer.Option(
            metavar="TIER", help="A keyword of the model such as 2K, or W*H; its default size else."
        ),
    ] = None,
    images: Annotated[int, typer.Option(metavar="N", help="How many input images the call has.")] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A parameter of the call that decides what is legal."
        ),
    ] = None,
) -> int:
    """Print the legal size nearest to an aspect ratio.

    Nearest means the smallest error of the ratio, then the most pixels, among the sizes that have at most
    as many pixels as the tier and at least three quarters of them. Without --tier a size that the pages
    recommend for exactly this ratio is preferred.

    Exit 0 with the size on stdout, 1 where no legal size exists, with the reason, 2 for usage.
    """
    from wanlib.errors import InvalidArgumentError, NoLegalSizeError
    from wanlib.generated.calls import API
    from wanlib.sizing import size as nearest

    model = resolve_model(model, tuple(API.models), API.fine_tuned.ending)
    modes: dict[str, Any] = pairs(
        "--set", settings or (), dict.fromkeys(("model", "ratio", "tier", "images"))
    )
    try:
        print(nearest(model, ratio=ratio, tier=tier, images=images, **modes))
    except NoLegalSizeError as error:
        print_error(str(error))
        return NO
    except InvalidArgumentError as error:
        raise CliError(str(error)) from None
    return FINE
