"""`python -m conformance`, the same as `wan-conformance`."""

from conformance.cli import main

if __name__ == "__main__":
    main()
