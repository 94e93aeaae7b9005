"""Measure how good the fills are, beside what else there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click


def _words(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _device(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", value):
        raise click.BadParameter(f"“{value}” is no device; write auto, cpu, cuda, cuda:1 or mps.")
    return value


_HALVES = {"decide": "report", "choose_guide": "tune"}


def _on_its_half(context: click.Context, options: dict[str, Any]) -> None:
    """What chose is never what is claimed; and only the rows that were asked for are added."""
    wanted = {half for name, half in _HALVES.items() if options[name]}
    if len(wanted) > 1 or options["half"] not in (None, *wanted):
        raise click.UsageError(
            "A decision is made on the report half and a guide chosen on the tune half; do one at a time."
        )
    (options["half"],) = wanted
    if context.get_parameter_source("methods") == click.core.ParameterSource.DEFAULT:
        options["methods"] = ()


@click.command("evaluate")
@click.option(
    "--methods",
    default="exemplar,matchpatch,resynthesizer,telea,mean",
    show_default=True,
    callback=_words,
    help="Methods of ours, auto, and peers: original, mean, telea, navier-stokes, matchpatch, gmic; "
    "eighth and eighth:detail are the photograph ÷ 8 without and with the detail step; "
    "any other NAME is a program inpaint-NAME on PATH. METHOD@WEIGHTS names weights; :plain behind it leaves the "
    "detail step out, :start=4 or :grow=0.5 sets it; telea:detail stands in the network's place; exemplar+METHOD "
    "draw into one pool.",
)
@click.option(
    "--decide",
    metavar="METHOD@WEIGHTS",
    help="Add the rows that decide whether these weights ship, and say so; on the report half.",
)
@click.option(
    "--choose-guide",
    metavar="METHOD@WEIGHTS",
    help="Find out on the tune half which detail step serves these weights, and write it into their record.",
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
@click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="auto|cpu|cuda|cuda:N|mps",
    callback=_device,
    help="Where networks run; auto: the graphics card that the daemon would take, else the processor.",
)
@click.option("--no-sheets", is_flag=True, help="Figures only.")
@click.option(
    "--report", required=True, type=click.Path(path_type=Path), help="Folder for JSON and HTML page."
)
@click.pass_context
def command(context: click.Context, no_sheets: bool, **options: Any) -> None:
    """Fill every case with every method and peer, measure, and write a report.

    Done cases are kept: a run that was cut short goes on where it was.
    """
    from pluripaint.evaluation import device
    from pluripaint.evaluation.cases import BadCases
    from pluripaint.evaluation.entries import BadEntry
    from pluripaint.evaluation.evaluate import Plan, evaluate, text_of
    from pluripaint.evaluation.peers import Missing
    from pluripaint.methods.registry import MethodError
    from pluripaint.service import limits

    if any(options[name] for name in _HALVES):
        _on_its_half(context, options)

    def told(sentence: str) -> None:
        click.echo(sentence, err=True)

    try:
        offered = limits.from_environment().devices if options["device"] == "auto" else ()
        options["device"] = device.chosen(options["device"], offered, told)
        result = evaluate(Plan(sheets=not no_sheets, **options), told)
    except (BadCases, BadEntry, MethodError, Missing, FileNotFoundError, device.NoDevice) as error:
        raise click.UsageError(str(error)) from error
    click.echo(text_of(result))
