"""Sizes of a PUT + FDM model, and the published ones by name.

Sources: PUT_CVPR = Liu et al., CVPR 2022; TPAMI = Liu et al., TPAMI 2024; FDM = Park & Jung, WACV 2025.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Codec:
    """Patch encoder, dual codebook and decoder.

    Attributes:
        patch: side of a patch in pixels, a power of two: the decoder doubles log2(patch) times.
        up: ``"transposed"`` (CVPR, FDM) or ``"nearest"`` (TPAMI: nearest ×2, 3×3 convolution,
        residual blocks).
        base: channels before the last convolution; they double with every halving of the size.
    """

    patch: int = 8
    codes: int = 512
    masked_codes: int = 512
    code_dim: int = 256
    ema_decay: float = 0.99
    ema_eps: float = 1e-5
    encoder_width: int = 256
    encoder_hidden: int = 128
    encoder_blocks: int = 8
    encoder_out: int = 256
    decoder_in: int = 256
    decoder_width: int = 256
    decoder_hidden: int = 128
    decoder_blocks: int = 8
    base: int = 64
    up: str = "transposed"
    up_blocks: int = 0

    def __post_init__(self) -> None:
        if self.patch < 2 or self.patch & (self.patch - 1):
            raise ValueError(f"patch {self.patch} is not a power of two")
        if self.up not in ("transposed", "nearest"):
            raise ValueError(f"up {self.up!r} is neither 'transposed' nor 'nearest'")


@dataclass(frozen=True)
class Tokens:
    """The token model.

    Attributes:
        kind: ``"cvpr"`` and ``"tpami"`` are the published UQ-transformers, ``"context_once"`` is ours.
        length: number of learned positions (published kinds).
    """

    kind: str = "cvpr"
    layers: int = 35
    width: int = 512
    heads: int = 8
    mlp_ratio: int = 4
    classes: int = 512
    length: int = 1024
    norm_eps: float = 1e-5
    mask_embedding: bool = False
    poly: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in ("cvpr", "tpami", "context_once"):
            raise ValueError(f"token model {self.kind!r} is unknown")
        if self.width % self.heads:
            raise ValueError(f"{self.heads} heads do not divide width {self.width}")


@dataclass(frozen=True)
class Dequantiser:
    """FDM: features of the codec in, correction out."""

    width: int = 256
    hidden: int = 128
    blocks: int = 8


@dataclass(frozen=True)
class Normalise:
    """``(x/scale − mean)/std`` of pixels 0…255."""

    scale: float = 127.5
    mean: tuple[float, float, float] = (1.0, 1.0, 1.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Sampler:
    """How tokens are drawn by default.

    Attributes:
        order: ``"sequential"`` (published: most certain patches first, by raw logit), ``"raster"`` or
            ``"parallel"`` (masked decoding in ``steps`` forwards).
        per_forward: tokens fixed in each forward of a sequential order; −1: all at once.
        top_k: classes kept before drawing.
    """

    order: str = "sequential"
    per_forward: int = 1
    top_k: int = 50
    temperature: float = 1.0
    steps: int = 8
    noise: float = 4.5


@dataclass(frozen=True)
class Config:
    """A whole model.  ``layout`` names the published key style; ``grid`` is (rows, columns) of patches."""

    layout: str
    grid: tuple[int, int]
    codec: Codec = field(default_factory=Codec)
    tokens: Tokens = field(default_factory=Tokens)
    fdm: Dequantiser | None = None
    normalise: Normalise = field(default_factory=Normalise)
    sampler: Sampler = field(default_factory=Sampler)
    known_features: bool = False
    paste_known: bool = False

    def __post_init__(self) -> None:
        if self.layout not in ("fdm", "cvpr", "tpami", "ours"):
            raise ValueError(f"layout {self.layout!r} is unknown")

    @property
    def side(self) -> int:
        """Image side in pixels (the grids in use are square)."""
        return self.grid[0] * self.codec.patch

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, for a weights record."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Config:
        """Inverse of :meth:`to_json`.  Raises ``ValueError`` or ``TypeError`` on unknown members."""
        rest = dict(data)
        parts: dict[str, Any] = {
            "codec": Codec(**rest.pop("codec")),
            "tokens": Tokens(**rest.pop("tokens")),
            "sampler": Sampler(**rest.pop("sampler")),
            "grid": tuple(rest.pop("grid")),
        }
        fdm = rest.pop("fdm", None)
        parts["fdm"] = Dequantiser(**fdm) if fdm else None
        numbers = rest.pop("normalise")
        parts["normalise"] = Normalise(numbers["scale"], tuple(numbers["mean"]), tuple(numbers["std"]))
        return cls(**parts, **rest)


_IMAGENET = Normalise(255.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_TPAMI_CODEC = Codec(codes=8192, masked_codes=1024, decoder_blocks=2, up="nearest", up_blocks=2)
_TPAMI_512 = replace(_TPAMI_CODEC, patch=16, encoder_blocks=10)
_VIT_B = Tokens("tpami", 12, 768, 12, classes=8192, mask_embedding=True, poly=1.0)
_TPAMI_SAMPLER = Sampler(per_forward=20, top_k=200)


def _cvpr(layers: int, width: int) -> Config:
    return Config("cvpr", (32, 32), tokens=Tokens("cvpr", layers, width))


def _tpami(codec: Codec = _TPAMI_CODEC, tokens: Tokens = _VIT_B, **rest: Any) -> Config:
    return Config("tpami", (32, 32), codec, tokens, sampler=_TPAMI_SAMPLER, **rest)


def _fdm() -> Config:
    return Config("fdm", (32, 32), fdm=Dequantiser(), known_features=True)


def _ours(side: int, patch: int, width: int, codes: int, layers: int, token_width: int) -> Config:
    """Small models of our own: context-once tokens, parallel decoding, no masked codes."""
    codec = Codec(
        patch=patch,
        codes=codes,
        masked_codes=0,
        code_dim=width,
        encoder_width=width,
        encoder_hidden=width,
        encoder_blocks=4,
        encoder_out=width,
        decoder_in=width,
        decoder_width=width,
        decoder_hidden=width // 2,
        decoder_blocks=4,
        base=width // 2,
    )
    grid = (side // patch, side // patch)
    tokens = Tokens(
        "context_once",
        layers,
        token_width,
        max(1, token_width // 32),
        classes=codes,
        length=grid[0] * grid[1],
    )
    return Config(
        "ours",
        grid,
        codec,
        tokens,
        Dequantiser(width, width // 2, 4),
        sampler=Sampler("parallel", top_k=0, steps=8),
        known_features=True,
        paste_known=True,
    )


#: name → configuration, as ``--config`` takes it.
CONFIGS: dict[str, Config] = {
    "fdm-places": _fdm(),
    "fdm-paris": _fdm(),
    "cvpr-ffhq": _cvpr(30, 512),
    "cvpr-places": _cvpr(35, 512),
    "cvpr-imagenet": _cvpr(35, 1024),
    "tpami-ffhq": _tpami(paste_known=True),
    "tpami-places": _tpami(),
    "tpami-imagenet": _tpami(tokens=replace(_VIT_B, mask_embedding=False, poly=0.0), normalise=_IMAGENET),
    "tpami-ffhq-512": _tpami(_TPAMI_512, paste_known=True),
    "tpami-places-512": _tpami(_TPAMI_512),
    "tpami-imagenet-512": _tpami(_TPAMI_512, normalise=_IMAGENET),
    "small": _ours(64, 4, 128, 512, 6, 192),
    "toy": _ours(16, 4, 16, 32, 2, 32),
}
