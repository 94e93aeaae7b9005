"""The loop: players move, weights are averaged, a checkpoint and a line of figures every minute.

A step depends on the seed and its number alone, so a run that was stopped and taken up again ends with the same
bits as one that was not (CPU, float32, same number of threads; elsewhere to rounding).
"""

from __future__ import annotations

import json
import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from pluripaint.training import checkpoint
from pluripaint.training.stage import Batch, Player, Stage
from pluripaint.training.workers import Workers


class DivergedError(Exception):
    """The loss is no number any more; the message is a sentence with the next step."""


#: told what happened since the last call, once a minute.
Report = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Plan:
    """How long and how.

    Attributes:
        folder: of this stage's checkpoint and metrics.
        minutes: budget of this call; ``None``: until ``steps``.
        steps: length of the learning-rate schedule and end of the run; ``None``: the rate stays after its
            rise, and the average over time takes the place of a fall.
        every: seconds between checkpoints.
        memory: decay of the averaged weights.
        identity: what must agree for a run to be taken up again.
        facts: kept beside the part that later stages load.
    """

    folder: Path
    minutes: float | None = None
    steps: int | None = None
    every: float = 60.0
    memory: float = 0.999
    bf16: bool = False
    device: str = "cpu"
    identity: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


class Run:
    """One stage being trained."""

    def __init__(
        self,
        model: nn.Module,
        stage: Stage,
        batches: Callable[[int], Batch],
        plan: Plan,
        judging: Callable[[int], Batch] | None = None,
        workers: Workers | None = None,
    ) -> None:
        self.model, self.stage, self.batches = model, stage, batches
        self.plan, self.judging, self.workers = plan, judging, workers or Workers()
        self.step, self.seconds, self.floating, self.best = 0, 0.0, 0, math.inf
        self.model.requires_grad_(False).train()
        self.players = list(stage.players(model))
        self.optimisers = {player.name: _optimiser(player) for player in self.players}
        self.averaged = AveragedModel(model, multi_avg_fn=self._average)
        self.averaged.requires_grad_(False).eval()

    def _average(self, kept: Any, fresh: Any, count: Any) -> None:
        share = min(self.plan.memory, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(kept, fresh, 1 - share)

    @property
    def smooth(self) -> nn.Module:
        """The model with its weights averaged over time: what is judged and shipped."""
        inner: nn.Module = self.averaged.module
        return inner

    # ------------------------------------------------------------------------------------------- one step

    def rate(self, player: Player) -> float:
        """Linear rise over the player's warm-up; then constant, or half a cosine to a hundredth."""
        if self.step < player.warmup:
            return player.rate * (self.step + 1) / player.warmup
        if self.plan.steps is None:
            return player.rate
        turn = (self.step - player.warmup) / max(1, self.plan.steps - player.warmup)
        return player.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, turn))))

    def move(self) -> dict[str, Tensor | float]:
        """One step of all players; the terms by name."""
        torch.manual_seed(self.step)
        batch = self.batches(self.step)
        kept: dict[str, Tensor] = {}
        told: dict[str, Tensor | float] = {}
        for player in self.players:
            optimiser = self.optimisers[player.name]
            for group in optimiser.param_groups:
                group["lr"] = self.rate(player)
            _wake(player, True)
            with torch.autocast(self.plan.device.partition(":")[0], torch.bfloat16, enabled=self.plan.bf16):
                terms = self.stage.terms(self.model, player.name, batch, kept)
            terms["loss"].backward()
            _wake(player, False)
            self.workers.averaged(player.parameters)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            told |= {f"{player.name}.{name}": value.detach() for name, value in terms.items()}
        told |= self.stage.finish(self.model, batch, kept)
        self.averaged.update_parameters(self.model)
        self.step += 1
        return told

    @torch.no_grad()
    def judged(self, count: int = 4) -> dict[str, float]:
        """Mean figures of the averaged model on the first ``count`` development batches."""
        if self.judging is None:
            return {}
        sums: dict[str, float] = {}
        for index in range(count):
            for name, value in self.stage.judged(self.smooth, self.judging(index)).items():
                sums[f"dev.{name}"] = sums.get(f"dev.{name}", 0.0) + float(value) / count
        return sums

    # ------------------------------------------------------------------------------------------ the whole

    def go(self, report: Report, resume: bool = False) -> bool:
        """Train until the budget, the steps or a signal end it; true if the steps are done.

        Raises:
            checkpoint.ResumeError: there is a run already and ``resume`` is false, or it is of another kind.
            DivergedError: the loss became infinite or no number; the last checkpoint is untouched.
            OSError: no space for the checkpoint; the last one is untouched.
        """
        self._start(resume)
        began = last = time.monotonic()
        window, since = _Means(), self.step
        with _stopping() as asked:
            while True:
                done = self.plan.steps is not None and self.step >= self.plan.steps
                now = time.monotonic()
                spent = self.plan.minutes is not None and now - began >= self.plan.minutes * 60
                stop = self.workers.agreed(done or spent or bool(asked), self.plan.device)
                # A stop that nobody asked for by signal may still come between steps: nothing is half done here.
                if stop or now - last >= self.plan.every:
                    self.seconds += now - last
                    if self.workers.leads and self.step > since:
                        rate = (self.step - since) / max(1e-9, now - last)
                        self._write(window.taken(), rate, report)
                    last, since = time.monotonic(), self.step
                    self.seconds += last - now
                if stop:
                    return done
                if self.floating:
                    window.add(self.move())
                else:
                    window.add(self._counted())

    def _start(self, resume: bool) -> None:
        found = checkpoint.load(self.plan.folder, self.plan.device)
        if found is None:
            self.workers.same(self.model, self.stage.extra)
            with torch.no_grad():
                self.stage.begin(self.model, self.batches(0))
            self.workers.same(self.model)
            self.averaged.module.load_state_dict(self.model.state_dict())
            return
        if not resume:
            raise checkpoint.ResumeError(
                f"There is a run in {self.plan.folder} already; go on with --resume or choose another --out."
            )
        for name, value in self.plan.identity.items():
            if found["identity"].get(name) != value:
                raise checkpoint.ResumeError(
                    f"The run in {self.plan.folder} has another {name} ({found['identity'].get(name)}, not {value}); "
                    "give the same one, or choose another --out."
                )
        self.model.load_state_dict(found["model"])
        self.averaged.load_state_dict(found["averaged"])
        self.stage.extra.load_state_dict(found["extra"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(found["optimisers"][name])
        self.step, self.seconds, self.best = found["step"], found["seconds"], found["best"]

    def _counted(self) -> dict[str, Tensor | float]:
        """The first step of this call, its floating-point operations counted."""
        from torch.utils.flop_counter import FlopCounterMode

        with FlopCounterMode(display=False) as counter:
            told = self.move()
        self.floating = max(1, int(counter.get_total_flops()))
        return told

    def _write(self, means: dict[str, float], steps_a_second: float, report: Report) -> None:
        if not all(math.isfinite(value) for name, value in means.items() if name.endswith(".loss")):
            raise DivergedError(
                f"The loss is no number any more after {self.step} steps; what was kept before is untouched. "
                "Train with a lower --set rate=… and another --out."
            )
        figures = {
            "step": self.step,
            "hours": round(self.seconds / 3600, 4),
            "steps_per_s": round(steps_a_second, 4),
            "gflop_per_s": round(self.floating * steps_a_second / 1e9, 2),
            "rate": self.rate(self.players[0]),
            **means,
            **self.judged(),
        }
        self._keep(figures)
        checkpoint.save(self.plan.folder, self._state())
        checkpoint.note(self.plan.folder, figures)
        report(figures)

    def _keep(self, figures: Mapping[str, Any]) -> None:
        """Hand the averaged part on to later stages: the newest, or the best yet by the stage's own measure."""
        measure = figures.get(f"dev.{self.stage.measure}")
        if measure is not None:
            if not measure < self.best:  # no number is no improvement
                return
            self.best = measure
        owned = {k: v for k, v in self.smooth.state_dict().items() if k.startswith(self.stage.owned)}
        judged = {name: value for name, value in figures.items() if name.startswith("dev.")}
        facts = {**self.plan.facts, "steps": str(self.step), "figures": json.dumps(judged)}
        checkpoint.save_part(self.plan.folder, owned, facts)

    def _state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
            "identity": dict(self.plan.identity),
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "extra": self.stage.extra.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
        }


class _Means:
    """Running means by name, kept on the device until asked for."""

    def __init__(self) -> None:
        self.sums: dict[str, Any] = {}
        self.counts: dict[str, int] = {}

    def add(self, told: Mapping[str, Tensor | float]) -> None:
        for name, value in told.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1

    def taken(self) -> dict[str, float]:
        means = {name: float(total) / self.counts[name] for name, total in self.sums.items()}
        self.sums, self.counts = {}, {}
        return means


def _optimiser(player: Player) -> torch.optim.Optimizer:
    parameters = list(player.parameters)
    fused = parameters[0].is_cuda
    if player.decay:
        return torch.optim.AdamW(
            parameters, player.rate, player.betas, weight_decay=player.decay, fused=fused
        )
    return torch.optim.Adam(parameters, player.rate, player.betas, fused=fused)


def _wake(player: Player, awake: bool) -> None:
    for parameter in player.parameters:
        parameter.requires_grad_(awake)


@contextmanager
def _stopping() -> Iterator[list[int]]:
    """A list that is non-empty once Ctrl-C or SIGTERM came: the step is finished and saved first."""
    asked: list[int] = []

    def heard(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    try:
        before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread: whoever started us stops us by the budget
        yield asked
        return
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
