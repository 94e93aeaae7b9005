"""Patch encoder, dual codebook, and the decoder with its reference branch (PUT, CVPR 2022, §3.1–3.2).

Blocks are written with a rectified skip (see ``layers.residual``), which serves both published forms.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from pluripaint.layers.codebook import DualCodebook, Quantised
from pluripaint.layers.residual import conv_residual, linear_residual
from pluripaint.methods.put_fdm import config
from pluripaint.methods.put_fdm.patches import unfold

#: told the name and value of every intermediate map; what conformance listens to.
Tap = Callable[[str, Tensor], None]


def ignore(name: str, value: Tensor) -> None:
    """The tap of everyday use."""


class PatchEncoder(nn.Module):
    """Each patch alone: ``[B, 3, H, W]`` → ``[B, out, H/patch, W/patch]``."""

    def __init__(self, sizes: config.Codec) -> None:
        super().__init__()
        self.patch = sizes.patch
        self.first = nn.Linear(3 * sizes.patch**2, sizes.encoder_width)
        self.blocks = nn.ModuleList(
            linear_residual(sizes.encoder_width, sizes.encoder_hidden) for _ in range(sizes.encoder_blocks)
        )
        self.last = nn.Linear(sizes.encoder_width, sizes.encoder_out)

    def forward(self, image: Tensor, tap: Tap = ignore) -> Tensor:
        x = unfold(image, self.patch)
        tap("patches", x)
        x = torch.relu(self.first(x))
        tap("pre", x)
        for block in self.blocks:
            x = block(x)
        x = torch.relu(x)
        tap("res", x)
        x = torch.relu(self.last(x))
        x = x.transpose(1, 2).unflatten(2, (image.shape[2] // self.patch, image.shape[3] // self.patch))
        tap("out", x)
        return x


def _up_widths(sizes: config.Codec) -> list[tuple[int, int]]:
    """(in, out) of every up stage: width → … → 4·base → 2·base → base."""
    stages = sizes.patch.bit_length() - 1
    outs = [sizes.base * 2**i for i in reversed(range(stages))]
    return list(zip([sizes.decoder_width, *outs[:-1]], outs, strict=True))


class Halving(nn.Module):
    """ReLU, then a 4×4 convolution of stride 2."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 4, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(torch.relu(x))


class Doubling(nn.Module):
    """ReLU, then either a transposed 4×4 convolution or nearest ×2 and a 3×3 convolution."""

    def __init__(self, channels: int, out: int, transposed: bool) -> None:
        super().__init__()
        self.transposed = transposed
        self.conv: nn.Module = (
            nn.ConvTranspose2d(channels, out, 4, stride=2, padding=1)
            if transposed
            else nn.Conv2d(channels, out, 3, padding=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(x)
        return self.conv(
            x if self.transposed else functional.interpolate(x, scale_factor=2.0, mode="nearest")
        )


class ReferenceBranch(nn.Module):
    """Maps of the masked image at every size the decoder passes through, largest first, not rectified."""

    def __init__(self, sizes: config.Codec) -> None:
        super().__init__()
        widths = [sizes.base * 2**i for i in range(sizes.patch.bit_length() - 1)] + [sizes.decoder_width]
        self.first = nn.Conv2d(3, sizes.base, 3, padding=1)
        self.halvings = nn.ModuleList(Halving(a, b) for a, b in pairwise(widths))
        self.blocks = nn.ModuleList(
            nn.ModuleList(conv_residual(w, w // 2) for _ in range(sizes.up_blocks)) for w in widths[:-1]
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        x = self.first(image)
        maps = [x]
        for blocks, halving in zip(self.blocks, self.halvings, strict=True):
            for block in blocks:
                x = block(x)
            x = halving(x)
            maps.append(x)
        return maps


class Decoder(nn.Module):
    """Features ``[B, C, h, w]`` and the masked image ``[B, 3, H, W]`` → normalised image ``[B, 3, H, W]``.

    Before each up stage and before the last convolution the maps take the reference branch's values where the
    mask, resized to the nearest pixel, says known.
    """

    def __init__(self, sizes: config.Codec) -> None:
        super().__init__()
        width, hidden = sizes.decoder_width, sizes.decoder_hidden
        self.first = nn.Conv2d(sizes.decoder_in, width, 3, padding=1)
        self.blocks = nn.ModuleList(conv_residual(width, hidden) for _ in range(sizes.decoder_blocks))
        self.reference = ReferenceBranch(sizes)
        self.ups = nn.ModuleList(Doubling(a, b, sizes.up == "transposed") for a, b in _up_widths(sizes))
        self.up_blocks = nn.ModuleList(
            nn.ModuleList(conv_residual(out, out // 2) for _ in range(sizes.up_blocks))
            for _, out in _up_widths(sizes)
        )
        self.last = nn.Conv2d(sizes.base, 3, 3, padding=1)

    def forward(self, features: Tensor, masked_image: Tensor, known: Tensor, tap: Tap = ignore) -> Tensor:
        """``known float [B, 1, H, W]``: 1 where the masked image holds true pixels."""
        references = self.reference(masked_image)
        for i, reference in enumerate(references):
            tap(f"reference.{i}", reference)
        x = self.first(features)
        tap("pre", x)
        for block in self.blocks:
            x = block(x)
        tap("res", x)
        x = self._merged(x, references.pop(), known)
        tap("merge.0", x)
        index = 0
        for stage, (up, blocks) in enumerate(zip(self.ups, self.up_blocks, strict=True), start=1):
            for layer in (up, *blocks):
                x = layer(x)
                tap(f"up.{index}", x)
                index += 1
            x = self._merged(x, references.pop(), known)
            tap(f"merge.{stage}", x)
        x = self.last(torch.relu(x))
        tap("out", x)
        return x

    @staticmethod
    def _merged(x: Tensor, reference: Tensor, known: Tensor) -> Tensor:
        mask = functional.interpolate(known, size=x.shape[2:], mode="nearest")
        return x * (1 - mask) + reference * mask


class Codec(nn.Module):
    """Encoder, codebook and decoder with the 1×1 convolutions between them."""

    def __init__(self, sizes: config.Codec) -> None:
        super().__init__()
        self.encoder = PatchEncoder(sizes)
        self.to_code = nn.Conv2d(sizes.encoder_out, sizes.code_dim, 1)
        self.codebook = DualCodebook(
            sizes.codes, sizes.masked_codes, sizes.code_dim, sizes.ema_decay, sizes.ema_eps
        )
        self.from_code = nn.Conv2d(sizes.code_dim, sizes.decoder_in, 1)
        self.decoder = Decoder(sizes)

    def encode(self, image: Tensor, tap: Tap = ignore) -> Tensor:
        """Un-quantised features ``[B, code_dim, h, w]`` of a normalised image."""
        return self.to_code(self.encoder(image, tap))

    def quantise(self, features: Tensor, known: Tensor | None = None) -> Quantised:
        """See :class:`DualCodebook`; ``known bool [B, h, w]``."""
        return self.codebook(features, known)

    def decode(self, features: Tensor, masked_image: Tensor, known: Tensor, tap: Tap = ignore) -> Tensor:
        """Normalised image of features that lie in the code space."""
        x = self.from_code(features)
        tap("post_quant", x)
        return self.decoder(x, masked_image, known, tap)
