"""Drawing tokens: samplers behind one interface, whatever the token model.

A sampler sees a :class:`TokenField` (positions, which are still unknown, one forward) and yields a
:class:`Step` per forward. Every candidate of a batch has its own generator and draws the same numbers
whatever the batch size; noise, confidence and choice are float32."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from pluripaint.methods.put_fdm.config import Sampler


class TokenField(Protocol):
    """``B`` candidates over ``N`` positions.

    ``unknown bool [B, N]``: still to be drawn.  ``tokens int64 [B, N]``: meaningful where fixed.
    """

    unknown: Tensor
    tokens: Tensor

    def logits(self) -> Tensor:
        """One forward with everything fixed so far: ``float32 [B, N, classes]``."""
        ...

    def fix(self, chosen: Tensor, tokens: Tensor) -> None:
        """Write ``tokens [B, N]`` where ``chosen bool [B, N]``; those positions are known from now on."""
        ...


@dataclass(frozen=True)
class Step:
    """One forward: ``logits [B, N, classes]`` before it, ``positions`` and ``tokens`` ``[B, K]``
    (−1: empty)."""

    logits: Tensor
    positions: Tensor
    tokens: Tensor


def kept(logits: Tensor, top_k: int) -> Tensor:
    """Logits with all but the ``top_k`` largest of each position at −∞; 0 keeps all."""
    if not 0 < top_k < logits.shape[-1]:
        return logits
    values, index = logits.topk(top_k, dim=-1)
    return torch.full_like(logits, -math.inf).scatter(-1, index, values)


def probabilities(logits: Tensor, top_k: int, temperature: float = 1.0) -> Tensor:
    """What is drawn from: softmax over the kept logits divided by ``temperature``."""
    return (kept(logits.float(), top_k) / temperature).softmax(-1)


def _uniform(rows: int, columns: int, generators: Sequence[torch.Generator]) -> Tensor:
    """``[B, rows, columns]`` in (0, 1), each candidate from its own generator."""
    drawn = [torch.rand(rows, columns, generator=g) for g in generators]
    return torch.stack(drawn).clamp(1e-7, 1 - 1e-7)


def _draw(chances: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
    """One token for every position ``[B, N]`` by the inverse of its distribution ``[B, N, classes]``."""
    uniform = _uniform(chances.shape[1], 1, generators).to(chances.device)
    steps = chances.cumsum(-1)
    return torch.searchsorted(steps, uniform * steps[..., -1:]).squeeze(-1).clamp(max=chances.shape[-1] - 1)


def schedule(name: str, unknown: int, forwards: int) -> list[int]:
    """Tokens fixed in each forward by a published schedule.

    ``cosine``: in proportion to cos(πi/S) + 1; ``linear``: to S − i; ``-1`` behind the name
    reverses. Rounded, then ±1 from the second forward on, cyclically, until the counts sum to ``unknown``.
    A count may be 0."""
    kind, _, reverse = name.partition("-")
    if kind == "cosine":
        shares = [math.cos(math.pi * i / forwards) + 1 for i in range(forwards)]
    elif kind == "linear":
        shares = [float(forwards - i) for i in range(forwards)]
    else:
        raise ValueError(f"token schedule {name!r} is unknown")
    if reverse:
        shares.reverse()
    counts = [round(share / sum(shares) * unknown) for share in shares]
    i = 1 % forwards
    while sum(counts) != unknown:
        change = 1 if sum(counts) < unknown else -1
        if counts[i] + change >= 0:
            counts[i] += change
        i = (i + 1) % forwards
    return counts


def fixed_counts(unknown: int, per_forward: int) -> list[int]:
    """``per_forward`` tokens in every forward (−1: all at once), the rest in the last."""
    if per_forward < 0:
        return [unknown] if unknown else []
    forwards = math.ceil(unknown / per_forward)
    return [min(per_forward, unknown - per_forward * i) for i in range(forwards)]


def sequential(
    field: TokenField,
    settings: Sampler,
    generators: Sequence[torch.Generator],
    counts: Sequence[int] | None = None,
) -> Iterator[Step]:
    """The published order: most certain patches first, by their largest raw logit; no choice is revisited.

    ``settings.order == "raster"`` goes through the unknown patches in reading order instead.  ``counts``
    overrides ``settings.per_forward``.  Candidates with fewer unknown patches than a count leave slots empty.
    """
    most = int(field.unknown.sum(1).max())
    for count in fixed_counts(most, settings.per_forward) if counts is None else counts:
        logits = field.logits()
        if settings.order == "raster":
            rank = torch.arange(logits.shape[1], 0, -1, device=logits.device).expand(logits.shape[:2])
            certainty = rank.to(logits.dtype)
        else:
            certainty = logits.amax(-1)
        certainty = certainty.masked_fill(~field.unknown, -math.inf)
        width = max(count, settings.per_forward)
        drawn = (
            logits.argmax(-1)
            if settings.top_k == 1
            else _draw(probabilities(logits, settings.top_k, settings.temperature), generators)
        )
        positions = certainty.topk(min(count, certainty.shape[1]), dim=1).indices
        chosen = torch.zeros_like(field.unknown).scatter(1, positions, True) & field.unknown
        empty = ~chosen.gather(1, positions)
        slots = torch.full((len(chosen), max(width, positions.shape[1])), -1, device=logits.device)
        tokens = slots.clone()
        slots[:, : positions.shape[1]] = positions.masked_fill(empty, -1)
        tokens[:, : positions.shape[1]] = drawn.gather(1, positions).masked_fill(empty, -1)
        field.fix(chosen, drawn)
        yield Step(logits, slots, tokens)


def parallel(field: TokenField, settings: Sampler, generators: Sequence[torch.Generator]) -> Iterator[Step]:
    """Masked decoding (MaskGIT, Chang et al., CVPR 2022, §3.2): few tokens first, by a cosine schedule.

    Confidence is the log-probability of the drawn token plus Gumbel noise times
    ``settings.noise``, falling to zero with the last forward."""
    start = field.unknown.sum(1)
    for step in range(1, settings.steps + 1):
        logits = field.logits()
        chances = probabilities(logits, settings.top_k, settings.temperature)
        drawn = logits.argmax(-1) if settings.top_k == 1 else _draw(chances, generators)
        confidence = chances.gather(-1, drawn.unsqueeze(-1)).squeeze(-1).clamp(min=1e-20).log()
        share = step / settings.steps
        gumbel = -torch.log(-torch.log(_uniform(logits.shape[1], 1, generators).squeeze(-1)))
        confidence = confidence + settings.noise * (1 - share) * gumbel.to(confidence.device)
        confidence = confidence.masked_fill(~field.unknown, -math.inf)
        remain = (
            (start * math.cos(math.pi / 2 * share)).floor().long() if step < settings.steps else start * 0
        )
        take = (field.unknown.sum(1) - remain).clamp(min=0)
        order = confidence.argsort(dim=1, descending=True, stable=True)
        rank = torch.empty_like(order).scatter(
            1, order, torch.arange(order.shape[1]).expand_as(order).to(order)
        )
        chosen = (rank < take.unsqueeze(1)) & field.unknown
        field.fix(chosen, drawn)
        width = max(1, int(take.max()))
        slots = order[:, :width].masked_fill(~chosen.gather(1, order[:, :width]), -1)
        tokens = drawn.gather(1, order[:, :width]).masked_fill(slots < 0, -1)
        yield Step(logits, slots, tokens)
        if not bool(field.unknown.any()):
            return


def steps(field: TokenField, settings: Sampler, generators: Sequence[torch.Generator]) -> Iterator[Step]:
    """The sampler that ``settings.order`` names, one :class:`Step` per forward until nothing is unknown."""
    if settings.order == "parallel":
        return parallel(field, settings, generators)
    if settings.order in ("sequential", "raster"):
        return sequential(field, settings, generators)
    raise ValueError(f"sampler {settings.order!r} is unknown")


def planned(settings: Sampler, unknown: int) -> int:
    """Number of forwards that :func:`steps` will make for ``unknown`` patches."""
    if settings.order == "parallel":
        return settings.steps
    return len(fixed_counts(unknown, settings.per_forward))
