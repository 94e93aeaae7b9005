"""A whole training session: data, networks, earlier stages, the loop, and weights once all parts are there."""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from pluripaint.methods import records
from pluripaint.training import checkpoint
from pluripaint.training.batches import Batches
from pluripaint.training.loop import DivergedError, Plan, Report, Run
from pluripaint.training.photos import DataError, Photos
from pluripaint.training.workers import Workers

#: short sides of the photographs in memory, as multiples of the network's side.
LEVELS = (1.3125, 1.6875, 2.1875)
#: seed of the development batches: the same for every run.
_DEV_SEED = 20_000
#: between the names of what a part was trained on.
_DATA_JOINED = "; "
_PERCEPTUAL_NOTE = "losses used an ImageNet-trained feature network"


class TrainingError(Exception):
    """Training cannot start; the message is a sentence with the next step."""


@dataclass(frozen=True)
class Request:
    """What a person asks for; see ``pluripaint train --help``."""

    method: str
    stage: str
    config: str
    data: Sequence[Path]
    out: Path
    name: str
    dev: Sequence[Path] = ()
    perceptual: Path | None = None
    start: Path | None = None
    budget_minutes: float | None = None
    steps: int | None = None
    batch: int = 32
    seed: int = 0
    device: str = "cpu"
    bf16: bool = False
    resume: bool = False
    every: float = 60.0
    set: Mapping[str, float] = field(default_factory=dict)
    weights_folder: Path | None = None


def train(request: Request, report: Report, say: Callable[[str], None]) -> Path | None:
    """Run one stage; returns the weights file where the method is complete with it.

    Raises:
        TrainingError, DataError, DivergedError, checkpoint.ResumeError: in a sentence.
        OSError: nothing could be written.
    """
    method = _training(request.method)
    config = _configuration(method, request.config)
    if request.stage not in method.STAGES:
        raise TrainingError(
            f"{request.method} has no stage {request.stage}; it has {', '.join(method.STAGES)}."
        )
    if not request.resume and (request.out / request.stage / checkpoint.CHECKPOINT).exists():
        raise checkpoint.ResumeError(
            f"There is a run in {request.out / request.stage}; go on with --resume or choose another --out."
        )
    workers = Workers.joined(request.device)
    device = workers.device(request.device)
    torch.manual_seed(request.seed)
    model = method.network(config)
    stage = _stage(method, config, request, device, say)
    _begin_from(model, stage, request, method)
    facts = _take_up(method, model, stage, request)
    model.to(device)
    stage.extra.to(device)
    photos, batches, judging = _batches(request, config, stage, device, workers, say)
    identity = {"method": request.method, "stage": request.stage, "config": json.dumps(config.to_json())}
    identity |= {"seed": str(request.seed), "batch": str(request.batch), **facts}
    identity["settings"] = json.dumps(dataclasses.asdict(stage.settings))
    identity |= {"data": photos, "perceptual": str(request.perceptual is not None), "bf16": str(request.bf16)}
    facts |= {"data": _named(request.data), "notes": _PERCEPTUAL_NOTE if request.perceptual else ""}
    plan = Plan(
        request.out / request.stage,
        request.budget_minutes,
        request.steps,
        request.every,
        bf16=request.bf16,
        device=device,
        identity=identity,
        facts=facts,
    )
    try:
        Run(model, stage, batches, plan, judging, workers).go(report, request.resume)
        return _weights(method, config, request, say) if workers.leads else None
    finally:
        workers.left()


def _training(name: str) -> Any:
    try:
        return importlib.import_module(f"pluripaint.methods.{name}.training")
    except ModuleNotFoundError:
        raise TrainingError(f"{name} is not trained by pluripaint. Choose another method.") from None


def _configuration(method: Any, name: str) -> Any:
    try:
        return method.configuration(name)
    except KeyError as error:
        raise TrainingError(f"{error.args[0]}.") from None


def _stage(method: Any, config: Any, request: Request, device: str, say: Callable[[str], None]) -> Any:
    settings = method.settings(config, request.stage)
    known = {f.name: f.type for f in dataclasses.fields(settings)}
    for name, value in request.set.items():
        if name not in known:
            raise TrainingError(f"There is no setting {name}; there are {', '.join(known)}.")
        settings = dataclasses.replace(settings, **{name: type(getattr(settings, name))(value)})
    features, maps = None, None
    if request.perceptual is not None:
        try:
            features, maps = method.features(config, request.perceptual, device)
        except FileNotFoundError as error:
            raise TrainingError(f"{error} Check --perceptual.") from None
    elif request.stage in ("codec", "joint"):
        say("Without --perceptual the perceptual and style terms are left out; results will be blurred.")
    return method.STAGES[request.stage](config, settings, features, maps)


def _begin_from(model: Any, stage: Any, request: Request, method: Any) -> None:
    """Where ``--start`` names finished weights: this stage's parameters, and the parts of earlier stages that
    have not run in ``--out``, so that training goes on from the weights file alone.
    """
    if request.start is None:
        return
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found = load_file(request.start)
    except (OSError, SafetensorError):
        raise TrainingError(f"{request.start} is no readable weights file; check --start.") from None
    state = model.state_dict()
    mine = _owned(found, stage)
    if not mine or any(k not in state or state[k].shape != v.shape for k, v in found.items()):
        raise TrainingError(f"{request.start.name} does not fit this stage and configuration; check --start.")
    model.load_state_dict(mine, strict=False)
    for name, earlier in method.STAGES.items():
        if name == request.stage:
            break
        needed = {k for k in _owned(state, earlier) if method.shipped(k)}
        if checkpoint.load_part(request.out / name) is None and needed and needed <= found.keys():
            part = {k: v.float() for k, v in _owned(found, earlier).items()}
            checkpoint.save_part(request.out / name, part, _noted(request.start, name))


def _owned(state: Mapping[str, torch.Tensor], stage: Any) -> dict[str, torch.Tensor]:
    return {k: v for k, v in state.items() if k.startswith(stage.owned)}


def _noted(weights: Path, stage: str) -> dict[str, str]:
    """What the record beside ``weights`` says of a stage."""
    try:
        record = json.loads(weights.with_suffix(".json").read_text("utf-8"))
        steps, figures = str(record["steps"][stage]), json.dumps(record["figures"][stage])
        return {"steps": steps, "figures": figures, "data": record["data"], "notes": record.get("notes", "")}
    except (OSError, ValueError, KeyError):
        return {}


def _named(paths: Iterable[Path]) -> str:
    return _DATA_JOINED.join(sorted({path.name for path in paths}))


def _take_up(method: Any, model: Any, stage: Any, request: Request) -> dict[str, str]:
    """Load what earlier stages made into ``model``; returns what this stage's part was made for."""
    facts: dict[str, str] = {}
    for name in method.STAGES:
        if name == request.stage:
            break
        found = checkpoint.load_part(request.out / name)
        if found is not None and (name in stage.needs):
            model.load_state_dict(found[0], strict=False)
    for name in stage.needs:
        if checkpoint.load_part(request.out / name) is None:
            raise TrainingError(
                f"{request.stage} needs {name}: run --stage {name} with the same --out first."
            )
    if stage.needs:
        frozen = {k: v for k, v in model.state_dict().items() if k.startswith(method.FROZEN)}
        facts["frozen"] = checkpoint.fingerprint(frozen)
    return facts


def _batches(
    request: Request, config: Any, stage: Any, device: str, workers: Workers, say: Callable[[str], None]
) -> tuple[str, Batches, Batches | None]:
    """Fingerprint of the photographs, batches of them, and batches of the held-out ones."""
    sides = [round(level * config.side) for level in LEVELS]
    threads = min(16, torch.get_num_threads())
    photos = Photos.read(request.data, sides, threads)
    fingerprint, photos = photos.fingerprint(), photos.to(device)
    say(f"{len(photos)} photographs, {photos.pixels.numel() / 1e6:.0f} MB in memory.")
    common = {"side": config.side, "recipe": stage.masks, "patch": config.codec.patch}
    batches = Batches(photos, request.batch, seed=request.seed, worker=workers.rank, **common)
    if not request.dev:
        return fingerprint, batches, None
    held = Photos.read(request.dev, sides, threads).to(device)
    judging = Batches(held, request.batch, jitter=0.0, seed=_DEV_SEED, **common)
    return fingerprint, batches, judging


def _weights(method: Any, config: Any, request: Request, say: Callable[[str], None]) -> Path | None:
    """Join the parts of all stages that ran in ``request.out`` and write weights with their record."""
    parts = {name: checkpoint.load_part(request.out / name) for name in method.STAGES}
    done = [name for name, part in parts.items() if part is not None]
    whole = method.shippable(config, done)
    if whole is None:
        say(f"Trained so far: {', '.join(done)}. The method can be used once its other stages ran.")
        return None
    model = method.network(whole)
    state, steps, figures = model.state_dict(), {}, {}
    data: set[str] = set()
    notes: set[str] = set()
    for name in done:
        part, facts = parts[name] or ({}, {})
        for key, value in part.items():
            if key in state:
                state[key] = value
        steps[name] = int(facts.get("steps", 0))
        figures[name] = json.loads(facts.get("figures", "{}"))
        data |= set(facts.get("data", "").split(_DATA_JOINED)) - {""}
        notes |= {facts.get("notes", "")} - {""}
    frozen = checkpoint.fingerprint({k: v for k, v in state.items() if k.startswith(method.FROZEN)})
    for name in done:
        made_for = (parts[name] or ({}, {}))[1].get("frozen", frozen)
        if made_for != frozen:
            raise TrainingError(
                f"{name} was trained for an earlier codec; train it again (another --out, or remove {name} there)."
            )
    record = records.Record(
        request.method,
        request.name,
        whole.to_json(),
        data=_DATA_JOINED.join(sorted(data)),
        licence="as its training photographs allow; see data",
        steps=steps,
        figures=figures,
        notes=". ".join(sorted(notes)),
    )
    kept = {k: v for k, v in state.items() if method.shipped(k)}
    path = records.save(record, kept, request.weights_folder, half=True)
    say(
        f"Weights {request.name} written to {path}. Use them with --method {request.method} --weights {request.name}."
    )
    return path


__all__ = ["DataError", "DivergedError", "Request", "TrainingError", "train"]
