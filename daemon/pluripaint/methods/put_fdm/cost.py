"""How much work a fill is, counted from the sizes alone: no torch, no weights loaded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pluripaint.methods.put_fdm.config import Codec, Config, Tokens


def fill(config: Mapping[str, Any], hole_share: float = 0.25) -> float:
    """Multiply-adds of one fill of the model's own size with this share of its patches in the hole."""
    sizes = Config.from_json(config)
    length = sizes.grid[0] * sizes.grid[1]
    unknown = max(1, round(hole_share * length))
    drawing = forwards(sizes, unknown)
    if sizes.tokens.kind == "context_once":
        known = length - unknown
        tokens = attended(sizes.tokens, known, known) + drawing * attended(sizes.tokens, unknown, length)
    else:
        tokens = drawing * attended(sizes.tokens, length, length)
    return tokens + decoder(sizes.codec, length)


def forwards(sizes: Config, unknown: int) -> int:
    """Passes of the token model for ``unknown`` patches."""
    if sizes.sampler.order == "parallel":
        return sizes.sampler.steps
    return 1 if sizes.sampler.per_forward < 0 else math.ceil(unknown / sizes.sampler.per_forward)


def attended(sizes: Tokens, queries: int, keys: int) -> float:
    """Multiply-adds of one pass of ``queries`` tokens that see ``keys``."""
    projections = (4 + 2 * sizes.mlp_ratio) * sizes.width**2
    return (
        sizes.layers * queries * (projections + 2 * keys * sizes.width)
        + queries * sizes.width * sizes.classes
    )


def decoder(sizes: Codec, length: int) -> float:
    """Multiply-adds of the decoder with its reference branch, for ``length`` patches."""
    width, hidden, base = sizes.decoder_width, sizes.decoder_hidden, sizes.base
    total = 9.0 * sizes.decoder_in * width + sizes.decoder_blocks * (9 * width * hidden + hidden * width)
    total *= length
    inner, pixels = width, float(length)
    for stage in reversed(range(sizes.patch.bit_length() - 1)):
        outer = base * 2**stage
        reference = 16 * inner * outer * pixels
        pixels *= 4
        taps = 4 if sizes.up == "transposed" else 9
        blocks = 2 * sizes.up_blocks * (9 * outer * outer / 2 + outer * outer / 2)
        total += pixels * (taps * inner * outer + blocks) + reference
        inner = outer
    return total + pixels * (9 * base * 3 * 2)
