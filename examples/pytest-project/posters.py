"""An application that makes posters, as an example to test."""

from pathlib import Path

from wanlib import Wan
from wanlib.errors import ContentModerationError, DeadlineExceededError

MODEL = "wan2.7-image"


def make_poster(wan: Wan, title: str, folder: Path, timeout: float = 600) -> list[Path]:
    """Draw a poster and save it; return no file if the title is refused or the timeout passes."""
    task = wan.submit(MODEL, f"A poster with the title {title}", size="1K", n=1)
    try:
        return task.wait(timeout=timeout).save(folder)
    except (ContentModerationError, DeadlineExceededError):
        return []
