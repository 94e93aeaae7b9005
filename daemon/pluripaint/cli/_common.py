"""What several verbs say and do alike."""

from __future__ import annotations

from typing import IO, Any

import click


class Refused(click.ClickException):
    """Bad input or a job that cannot be done: one sentence on stderr, exit 2, nothing written."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"pluripaint: {self.format_message()}", file=file, err=True)


class Failed(Refused):
    """Something broke that the user's input is not to blame for: exit 1."""

    exit_code = 1
