"""A transcript of the emulator of a spec: always the same requests, and all responses.

The requests are those of a client that uses the packaged spec.
"""

from collections.abc import Callable, Iterator

from tests.effects import body_scenes, service_scenes
from wanlib.spec import Spec

Scene = Callable[[Spec], Iterator[str]]


def transcript(spec: Spec) -> Iterator[str]:
    """Yield every response as text; a scene that fails yields the error."""
    for scene in SCENES:
        try:
            yield from scene(spec)
        except Exception as error:  # a spec that the emulator cannot run differs from one that it can
            yield f"{scene.__name__} ends with {type(error).__name__}: {error}"


SCENES: tuple[Scene, ...] = (
    body_scenes.documented_calls,
    body_scenes.older_sizes,
    body_scenes.newer_sizes,
    service_scenes.codes,
    service_scenes.situations,
    service_scenes.lives,
    service_scenes.cancels,
    service_scenes.tokens,
    service_scenes.keys,
    service_scenes.lists,
    service_scenes.quotas,
    service_scenes.regions,
    body_scenes.missing_fields,
    body_scenes.refusals,
    service_scenes.uploads,
    body_scenes.listed_sizes,
    service_scenes.raw,
    body_scenes.large_files,
)
