"""Measure how good the fills are, beside what else there is."""

from __future__ import annotations

from pathlib import Path

import click


def _words(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


@click.command("evaluate")
@click.option(
    "--methods",
    default="exemplar,matchpatch,resynthesizer,telea,mean",
    show_default=True,
    callback=_words,
    help="Methods of ours, auto, and peers: original, mean, telea, navier-stokes, matchpatch, gmic; "
    "any other NAME is a program inpaint-NAME on PATH.",
)
@click.option(
    "--cases", required=True, type=click.Path(path_type=Path), help="Folder that holds cases.jsonl."
)
@click.option("--half", type=click.Choice(["tune", "report"]), help="Choose on tune, claim on report.")
@click.option("--kinds", default="", callback=_words, help="Only these kinds, for example blob,object.")
@click.option("--limit", type=click.IntRange(1), help="At most so many cases of each kind.")
@click.option(
    "--weights", required=True, type=click.Path(path_type=Path), help="Folder of the judging networks."
)
@click.option("--preset", default="best", show_default=True, help="best or fast.")
@click.option("-n", "--count", default=4, show_default=True, type=click.IntRange(1, 16), help="Fills shown.")
@click.option("--pool", type=click.IntRange(1), help="Fills drawn before the shown ones are chosen.")
@click.option(
    "--cache", type=click.Path(path_type=Path), help="Where done cases are kept; default: in the report."
)
@click.option("--no-sheets", is_flag=True, help="Figures only.")
@click.option(
    "--report", required=True, type=click.Path(path_type=Path), help="Folder for JSON and HTML page."
)
def command(no_sheets: bool, **options: object) -> None:
    """Fill every case with every method and peer, measure, and write a report.

    Done cases are kept: a run that was cut short goes on where it was.
    """
    from pluripaint.evaluation.cases import BadCases
    from pluripaint.evaluation.evaluate import Plan, evaluate, text_of

    try:
        result = evaluate(Plan(sheets=not no_sheets, **options), told=lambda s: click.echo(s, err=True))  # type: ignore[arg-type]
    except (BadCases, FileNotFoundError) as error:
        raise click.UsageError(str(error)) from error
    click.echo(text_of(result))
