"""The verbs of the client, called with what a body says."""

from typing import Any

from conformance.targets.verb_call import VerbCall


def make(wan: Any, said: VerbCall, given: dict[str, Any]) -> None:
    """Makes a call of `Wan`: a stream is read to its end, a task is submitted and left."""
    if said.call == "stream":
        with wan.stream(said.model, said.prompt, images=said.images, **given) as stream:
            list(stream)
    elif said.call == "async" and said.verb == ("edit" if said.images else "generate"):
        wan.submit(said.model, said.prompt, images=said.images, **given)
    else:
        waited(wan, said, given)


def waited(wan: Any, said: VerbCall, given: dict[str, Any]) -> Any:
    """What `edit` or `generate` of `Wan` yields; of `AsyncWan`, what is to be awaited for it."""
    via = {} if said.call == "async" else {"via": said.call}
    if said.verb == "generate":
        return wan.generate(said.model, said.prompt, **given, **via)
    return wan.edit(said.model, said.prompt, images=said.images, **given, **via)
