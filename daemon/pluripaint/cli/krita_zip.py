"""``pluripaint krita-zip``: Write the zip that Krita's own plug-in importer takes."""

from __future__ import annotations

from pathlib import Path

import click

from ._deploy import load


@click.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path), default="pluripaint-krita.zip")
def command(target: Path) -> None:
    """Write the zip that Krita's own plug-in importer takes.

    For a Krita that the installer does not find: Tools › Scripts › Import Python Plugin from File… there.
    TARGET is pluripaint-krita.zip where it is left out.
    """
    try:
        click.echo(load("krita").pack(target))
    except OSError as error:
        raise click.ClickException(f"{target} cannot be written ({error.strerror}).") from None
