"""`python -m wanlib`: the command without its console script."""

from wanlib.cli import main

if __name__ == "__main__":
    main()
