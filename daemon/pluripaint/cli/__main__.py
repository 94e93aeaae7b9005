"""``python -m pluripaint.cli``: the command without its installed script."""

from pluripaint.cli import main

if __name__ == "__main__":
    main(prog_name="pluripaint")
