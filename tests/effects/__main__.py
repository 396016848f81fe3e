"""`python -m tests.effects [TEXT ...]`: change every value of the spec files, list what has no effect."""

import logging
import sys
from collections import Counter
from time import perf_counter

from tests.effects.judge import Judge
from wanlib.spec.load import read_documents, spec_folder


def main(texts: list[str]) -> int:
    """Change the values whose `file:line: path` contains one of the texts, or all values without a text.

    Returns:
        1 if a change has no effect, else 0.
    """
    logging.disable(logging.CRITICAL)
    started = perf_counter()
    judge = Judge(read_documents(spec_folder()))
    chosen = [place for place in judge.places if not texts or any(text in str(place) for text in texts)]
    counts: Counter[str] = Counter()
    for effect in judge.effects(chosen):
        counts["bad" if effect.is_bad else effect.effect] += 1
        if effect.is_bad:
            print(effect, flush=True)
    summary = ", ".join(f"{count} {effect}" for effect, count in counts.most_common())
    print(f"{len(chosen)} values, {counts.total()} changes in {perf_counter() - started:.0f} s: {summary}")
    return 1 if counts["bad"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
