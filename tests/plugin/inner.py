"""Run pytest with the plugin inside a test, on files that the test writes."""

import textwrap

import pytest

# Loaded here, since what an inner run imports first is imported again by each later one.
import wanlib.emulator.server.serve
import wanlib.generated.client_async  # noqa: F401


def run(pytester: pytest.Pytester, code: str, *arguments: str) -> pytest.RunResult:
    """Run the tests of a file with the plugin, which may not be installed as such yet.

    Args:
        pytester: The fixture.
        code: The file; "" for none.
        *arguments: Further arguments of pytest.
    """
    if code:
        pytester.makepyfile(test_inner=textwrap.dedent(code))
    return pytester.runpytest_inprocess(
        "-p", "pytest_wanlib", "-p", "no:cacheprovider", "--strict-markers", *arguments
    )
