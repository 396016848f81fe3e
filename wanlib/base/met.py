"""What was met, in the words that violations carry as their value."""

from wanlib.base.facts import ImageFacts


def format_met(facts: ImageFacts) -> str:
    """The format of an image's bytes, or what keeps it from being told."""
    if facts.format is None:
        return "no image of a known format"
    return facts.format if facts.readable else f"a {facts.format} whose header can't be read"


def sides_met(facts: ImageFacts) -> str:
    """`width*height`, as a size is written."""
    return f"{facts.width}*{facts.height}"


def escape(key: object) -> str:
    """A member's name as a step of a JSON Pointer (RFC 6901)."""
    step = str(key)
    return step.replace("~", "~0").replace("/", "~1") if "~" in step or "/" in step else step
