"""`wanlib size`: the valid size nearest to an aspect ratio."""

from importlib import import_module
from typing import Annotated, Any

import typer

from wanlib.cli.errors import CliError, ExitCode, SpecOption, print_error, resolve_model
from wanlib.cli.options.parameters import ModelArgument, parse_pairs


def size(
    model: ModelArgument,
    ratio: Annotated[
        str, typer.Option(metavar="RATIO", help="Width to height, such as 16:9, 1.78 or 1920x1080.")
    ],
    tier: Annotated[
        str | None,
        typer.Option(
            metavar="TIER", help="A keyword of the model such as 2K, or W*H; default: its default size."
        ),
    ] = None,
    images: Annotated[
        int, typer.Option(min=0, max=1000, metavar="N", help="Number of input images of the call.")
    ] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A parameter of the call that affects which sizes are valid."
        ),
    ] = None,
    spec: SpecOption = None,
) -> int:
    """Print the valid size nearest to an aspect ratio.

    Candidates have between three quarters of the tier's pixels and all of them. The nearest is the one
    closest to the ratio, then the one with the most pixels. Without --tier, a size that the pages recommend
    for exactly this ratio is preferred.

    Exit 0 with the size on stdout, 1 if no valid size exists (the reason is on stderr), 2 for a usage error.
    """
    from wanlib.errors import ConfigurationError, InvalidArgumentError, NoValidSizeError
    from wanlib.sizing import find_size

    package = "wanlib.generated"
    if spec is not None:
        from wanlib.private_spec import load_package

        try:
            package = load_package(spec)
        except ConfigurationError as error:
            raise CliError(*str(error).removeprefix("spec: ").splitlines()) from None
    api = import_module(f"{package}.calls").API
    bounds_of_model = import_module(f"{package}.checker").size_bounds
    model = resolve_model(model, tuple(api.models), api.fine_tuned.ending)
    modes: dict[str, Any] = parse_pairs(
        "--set", settings or (), dict.fromkeys(("model", "ratio", "tier", "images"))
    )
    try:
        print(find_size(api, bounds_of_model, model, ratio, tier, images, modes))
    except NoValidSizeError as error:
        print_error(str(error))
        return ExitCode.FAILED
    except InvalidArgumentError as error:
        raise CliError(str(error)) from None
    return ExitCode.OK
