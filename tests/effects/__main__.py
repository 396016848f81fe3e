"""`python -m tests.effects [TEXT ...]`: change every value of the spec files, list what has no effect."""

import logging
import sys
from collections import Counter
from time import perf_counter

from tests.effects.judge import Judge
from wanlib.spec.load import read_documents, spec_folder


def main(wanted: list[str]) -> int:
    """Judge the places whose `file:line: path` holds one of the texts; 1 where a change has no effect.

    Without a text, every place is judged.
    """
    logging.disable(logging.CRITICAL)
    started = perf_counter()
    judge = Judge(read_documents(spec_folder()))
    chosen = [place for place in judge.places if not wanted or any(text in str(place) for text in wanted)]
    counts: Counter[str] = Counter()
    for finding in judge.findings(chosen):
        counts["bad" if finding.bad else finding.effect] += 1
        if finding.bad:
            print(finding, flush=True)
    told = ", ".join(f"{count} {effect}" for effect, count in counts.most_common())
    print(f"{len(chosen)} values, {counts.total()} changes in {perf_counter() - started:.0f} s: {told}")
    return 1 if counts["bad"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
