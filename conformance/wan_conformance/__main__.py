"""`python -m wan_conformance`, the same as `wan-conformance`."""

from wan_conformance.cli.main import main

if __name__ == "__main__":
    main()
