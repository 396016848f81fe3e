"""Settings of the process that runs the tests."""

import signal


def pytest_configure() -> None:
    """Restore the handling of Ctrl-C, which a background job of a shell ignores, for processes of tests."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
