"""Train a method's networks on your own photographs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command()
@click.argument("method")
@click.option("--data", multiple=True, required=True, type=click.Path(path_type=Path),
              help="A folder of photographs, or a tar shard with index.jsonl; may be given again.")  # fmt: skip
@click.option("--stage", required=True, help="Which part to train; for put_fdm: codec, tokens, fdm, joint.")
@click.option("--config", default="small", show_default=True, help="Sizes of the networks.")
@click.option("--dev", multiple=True, type=click.Path(path_type=Path),
              help="Photographs to judge by, never trained on.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="Where checkpoints and metrics lie.")
@click.option("--name", help="Name of the weights once all parts are trained.  [default: METHOD.own]")
@click.option(
    "--budget-minutes", type=click.FloatRange(min=0), help="Stop after this long; go on with --resume."
)
@click.option("--steps", type=click.IntRange(min=1), help="Length of the learning-rate schedule; stop there.")
@click.option("--batch", type=click.IntRange(min=1), default=32, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True)
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:N.")
@click.option(
    "--bf16", is_flag=True, help="Half the memory traffic where the processor or card has bfloat16."
)
@click.option("--perceptual", type=click.Path(path_type=Path),
              help="File or folder of the small VGG-19 for perceptual and style losses.")  # fmt: skip
@click.option(
    "--start",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Begin from a weights file; parts of earlier stages are taken from it too.",
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in --out.")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="Change a number of the stage.")
def command(method: str, changes: tuple[str, ...], **given: Any) -> None:
    """Train METHOD, one stage at a time; every minute a checkpoint and a line of figures.

    Several cards: start this with "accelerate launch -m pluripaint.cli" or "torchrun -m pluripaint.cli" in
    front of "train".
    """
    from pluripaint import folders
    from pluripaint.cli._common import Refused
    from pluripaint.training import session
    from pluripaint.training.checkpoint import ResumeError

    given["name"] = given["name"] or f"{method}.own"
    given["out"] = given["out"] or folders.data() / "training" / given["name"]
    try:
        request = session.Request(method=method, set=_numbers(changes), **given)
        with _Display(request.steps) as display:
            session.train(request, display.report, display.say)
    except (
        session.TrainingError,
        session.DataError,
        session.DivergedError,
        ResumeError,
        ValueError,
    ) as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(
            f"{error.strerror or error}; make room or choose another --out, then --resume."
        ) from None


def _numbers(changes: tuple[str, ...]) -> dict[str, float]:
    numbers = {}
    for change in changes:
        name, _, value = change.partition("=")
        try:
            numbers[name] = float(value)
        except ValueError:
            raise click.BadParameter(f"“{change}” is not NAME=NUMBER", param_hint="--set") from None
    return numbers


class _Display:
    """A live bar at a terminal, one line a minute elsewhere."""

    def __init__(self, steps: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self.console = Console(width=None)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self.task = self.progress.add_task("training", total=steps)

    def __enter__(self) -> _Display:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def say(self, sentence: str) -> None:
        self.console.print(sentence, soft_wrap=True, highlight=False)

    def report(self, figures: Mapping[str, Any]) -> None:
        """One line: step, hours, speed, and every mean."""
        rest = "  ".join(
            f"{name} {value:.4g}"
            for name, value in figures.items()
            if ("." in name and "loss" in name) or "dev" in name
        )
        line = (
            f"step {figures['step']}  {figures['hours']:.2f} h  {figures['steps_per_s']:.2f} steps/s  "
            f"{figures['gflop_per_s']:.1f} GFLOP/s  {rest}"
        )
        self.say(line)
        self.progress.update(
            self.task, completed=figures["step"], description=f"{figures['gflop_per_s']:.0f} GFLOP/s"
        )
