"""`python -m tests.maintenance`: move every number of the spec, run the tests, list what is mended by hand.

Options are passed to pytest, such as `-n 2` or the files to run.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.maintenance.by_hand import contradicted_vectors, is_by_hand, page_lines
from tests.maintenance.checkout import failing_tests, make_checkout


def main(arguments: list[str]) -> int:
    """Run the tests in a checkout whose spec is moved.

    Returns:
        1 if a test fails that is not about what is written by hand, else 0.
    """
    with TemporaryDirectory(prefix="wanlib-moved-") as name:
        folder = Path(name) / "checkout"
        spec = make_checkout(folder)
        print(f"{len(spec.moved)} numbers of the spec are moved; {len(spec.stuck)} cannot be moved")
        for number in spec.stuck:
            print(f"  spec/{number.file}:{number.line}: {number.text}")
        failing = failing_tests(folder, arguments)
        mended = [*contradicted_vectors(folder), *page_lines(folder)]
    print(f"to mend by hand after such a change: {len(mended)} places")
    print(*(f"  {place}" for place in mended), sep="\n")
    unexpected = [test for test in failing if not is_by_hand(test)]
    print(f"other tests that fail: {len(unexpected)}")
    print(*(f"  {test}" for test in unexpected), sep="\n")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
