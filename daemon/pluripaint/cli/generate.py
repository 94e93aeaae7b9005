"""Make several different fills of a masked part of a photograph."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

_PATH = click.Path(readable=False, path_type=Path)  # whoever opens it says more than click would


def _a_number(context: click.Context, option: click.Parameter, value: float) -> float:
    """NaN passes every comparison of a range."""
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is no number.")
    return value


@click.command()
@click.argument("photo", type=_PATH)
@click.argument("mask", type=_PATH)
@click.option("-o", "--out", type=_PATH, required=True, help="Folder that is made for the results.")
@click.option(
    "-n", "--count", type=click.IntRange(1, 16), default=4, show_default=True, help="How many variations."
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="First seed.")
@click.option("--exclude", type=_PATH, help="Mask: white is never copied from.")
@click.option(
    "--pool", type=click.IntRange(1, 64), help="How many are drawn before choosing (default: the preset's)."
)
@click.option(
    "--preset", default="best", show_default=True, help="fast (shows what it draws) or best (draws 3n)."
)
@click.option(
    "--method", default="auto", show_default=True, help="A method's name, or auto: the preset's mixture."
)
@click.option("--weights", help="Name of the method's weights (default: its own).")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="An option of the method.")
@click.option(
    "--context",
    type=click.FloatRange(1.5, 4.0),
    default=2.0,
    show_default=True,
    callback=_a_number,
    help="Region ÷ hole side.",
)
@click.option("--overwrite", is_flag=True, help="Replace an earlier result in OUT.")
@click.option("--in-process", is_flag=True, help="Work here instead of through the daemon.")
def command(photo: Path, mask: Path, out: Path, in_process: bool, **wanted: Any) -> None:
    """Fill what is white (or opaque) in MASK with several different variations.

    Both pictures are taken as they are displayed. Where MASK is the PHOTO itself, what was erased is filled.
    OUT gets one picture a variation (01.png …), layers.ora, a contact sheet and report.json.
    """
    from pluripaint.cli import _generate

    _generate.run(photo, mask, out, in_process=in_process, **wanted)
