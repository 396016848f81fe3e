"""`python -m tests.update_day`: the day on which a model is updated, simulated offline, with a transcript."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from _pytest.outcomes import Skipped

from tests.support.browser import browsing
from tests.support.report_pages import report_problems
from tests.update_day.commands import Transcript, in_processes
from tests.update_day.day import UpdateDay


def main() -> int:
    """Simulate the day. Return 1 if anything is not as expected."""
    with TemporaryDirectory(prefix="wanlib-day-") as name:
        folder = Path(name)
        transcript = Transcript(in_processes(folder, {"DASHSCOPE_API_KEY": "sk-local"}), print)
        day = UpdateDay(folder, transcript)
        day.compare_dates()
        try:
            with browsing() as browser:
                problems = report_problems(browser, folder / "changes.html")
        except Skipped as skipped:
            problems = [str(skipped)]
        day.look_at_the_page(problems)
        day.migrate()
        day.probe()
        transcript.summarize()
    return 1 if transcript.problems else 0


if __name__ == "__main__":
    sys.exit(main())
