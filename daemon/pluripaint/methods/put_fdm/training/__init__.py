"""The four stages of PUT + FDM (PUT CVPR 2022, §3; FDM WACV 2025, §3.3), for published sizes and ours.

Where ours differ (``layout == "ours"``) it is said at the place: known patches reach the decoder un-quantised already
while the codec is trained, the codebook starts by k-means and restarts idle rows, and tokens are trained as masked
modelling with the visibility of use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from pluripaint.methods.put_fdm.config import CONFIGS, Config
from pluripaint.methods.put_fdm.method import TRAINING_ONLY
from pluripaint.methods.put_fdm.networks import PutFdm
from pluripaint.methods.put_fdm.objectives import Features
from pluripaint.methods.put_fdm.training.codec import CodecStage
from pluripaint.methods.put_fdm.training.dequantising import FdmStage, JointStage
from pluripaint.methods.put_fdm.training.stage import Settings
from pluripaint.methods.put_fdm.training.tokens import TokenStage

#: name → how it is made: ``STAGES[name](config, settings, features, maps)``.
STAGES: dict[str, Callable[..., Any]] = {
    stage.name: stage for stage in (CodecStage, TokenStage, FdmStage, JointStage)
}
#: what token model and FDM were trained for, and must still find.
FROZEN = ("codec.encoder.", "codec.to_code.", "codec.codebook.embedding")
#: maps of the small VGG-19 and their spread over 64 crops of photographs: divided by it, they count alike.
SMALL_VGG_SPREAD = {
    "relu1_1": 7.7,
    "relu2_1": 10.3,
    "relu2_2": 6.7,
    "relu3_1": 5.3,
    "relu3_4": 4.1,
    "relu4_1": 2.9,
    "relu4_4": 1.7,
    "relu5_1": 3.6,
}
_SMALL_CONTENT = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
_SMALL_STYLE = ("relu2_2", "relu3_4", "relu4_4")


def configuration(name: str) -> Config:
    """A configuration by name.  Raises ``KeyError`` with the names there are."""
    if name not in CONFIGS:
        raise KeyError(f"put_fdm has no configuration {name!r}; it has {', '.join(CONFIGS)}")
    return CONFIGS[name]


def network(config: Config) -> PutFdm:
    return PutFdm(config)


def settings(config: Config, stage: str) -> Settings:
    """The published numbers for published sizes (PUT_FDM papers' tables), ours for ours."""
    if config.layout != "ours":
        published = Settings(discriminator_rate=2e-5, warmup=5000, discriminator_base=64)
        return replace(published, rate=3e-4, warmup=2000) if stage == "tokens" else published
    small = Settings(rate=4e-4, style=60.0, content=0.2, gradient=2.0, adversarial=0.05)
    if stage == "tokens":
        return replace(small, rate=8e-4, decay=0.03)
    return replace(small, wrong_codes=0.05) if stage in ("fdm", "joint") else small


def features(
    config: Config, path: Path, device: str
) -> tuple[Features, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The small VGG-19 in ``path`` as a loss, and which of its maps are compared: those of at least 2×2 values.

    Raises ``FileNotFoundError``.
    """
    from pluripaint.layers.feature_networks import Vgg19Small

    network = Vgg19Small.load(path).to(device)

    def seen(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if config.side >> (int(name[4]) - 1) >= 2)

    content, style = seen(_SMALL_CONTENT), seen(_SMALL_STYLE)

    def evened(image: Tensor) -> dict[str, Tensor]:
        maps = network(image, max((*content, *style)))
        return {name: maps[name] / SMALL_VGG_SPREAD[name] for name in {*content, *style}}

    return evened, (content, style)


def shippable(config: Config, done: Sequence[str]) -> Config | None:
    """The configuration of what the finished stages make together; ``None`` while a part is missing."""
    if not {"codec", "tokens"} <= set(done):
        return None
    return config if "fdm" in done else replace(config, fdm=None)


def shipped(name: str) -> bool:
    """Whether a parameter is needed to fill."""
    return name not in TRAINING_ONLY
