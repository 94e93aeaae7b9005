"""``python -m x the command without an installed script."""

from pluripaint.cli import main

if __name__ == "__main__":
    main()
