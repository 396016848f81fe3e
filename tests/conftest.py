"""What all tests need of the process that runs them."""

import signal


def pytest_configure() -> None:
    """A shell's job in the background ignores Ctrl-C, and so would every process that a test starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
