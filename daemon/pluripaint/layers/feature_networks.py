"""Small published feature networks, for losses and for judging; loaded by path, never part of a release.

Three networks: LPIPS v0.1 on SqueezeNet 1.1 (Zhang et al. 2018), VGG-19 distilled to a quarter of its widths
(Wang et al. 2020) and tiny Darknet (Redmon). All take RGB in 0…1 as ``[N, 3, H, W]``, are frozen and stay
differentiable in their input. Half-precision files are widened on loading.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SQUEEZENET_FILE = "squeezenet1_1_features.safetensors"
LPIPS_HEADS_FILE = "lpips_linear_v0_1.safetensors"
VGG19_FILE = "vgg19_16x_encoder_f16.safetensors"
DARKNET_FILE = "tiny_darknet_f16.safetensors"


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Name → float32 tensor of a safetensors file.

    Raises:
        FileNotFoundError: naming the file that is missing.
    """
    from safetensors.torch import load_file

    if not Path(path).is_file():
        raise FileNotFoundError(f"The feature network {Path(path).name} is not in {Path(path).parent}.")
    return {name: tensor.float() for name, tensor in load_file(str(path)).items()}


class _Frozen(nn.Module):
    """Weights held as buffers under the names of the file, dots replaced."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        for name, tensor in weights.items():
            self.register_buffer(name.replace(".", "_"), tensor)

    def _conv(self, x: Tensor, name: str, stride: int = 1, padding: int = 0) -> Tensor:
        weight, bias = getattr(self, f"{name}_weight"), getattr(self, f"{name}_bias")
        return F.conv2d(x, weight, bias, stride=stride, padding=padding)


class SqueezeNet(_Frozen):
    """SqueezeNet 1.1 without its classifier; yields LPIPS's seven taps."""

    widths = (64, 128, 256, 384, 384, 512, 512)
    _fires = (3, 4, 6, 7, 9, 10, 11, 12)
    _taps = (4, 7, 9, 10, 11, 12)

    def forward(self, x: Tensor) -> list[Tensor]:
        """``[N, 3, H, W]``, already normalised → seven feature maps. A side has at least 17 pixels."""
        x = F.relu(self._conv(x, "features_0", stride=2))
        taps = [x]
        for index in self._fires:
            if index in (3, 6, 9):
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            x = self._fire(x, f"features_{index}")
            if index in self._taps:
                taps.append(x)
        return taps

    def _fire(self, x: Tensor, name: str) -> Tensor:
        x = F.relu(self._conv(x, f"{name}_squeeze"))
        wide = self._conv(x, f"{name}_expand1x1"), self._conv(x, f"{name}_expand3x3", padding=1)
        return F.relu(torch.cat(wide, dim=1))


class Lpips(nn.Module):
    """LPIPS v0.1, SqueezeNet 1.1: how different two pictures look; 0 for the same picture."""

    name = "LPIPS v0.1 (SqueezeNet 1.1)"

    def __init__(self, backbone: dict[str, Tensor], heads: dict[str, Tensor]) -> None:
        super().__init__()
        self.backbone = SqueezeNet(backbone)
        for index in range(len(SqueezeNet.widths)):
            self.register_buffer(f"lin{index}", heads[f"squeeze.lin{index}.weight"].reshape(1, -1, 1, 1))
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).reshape(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).reshape(1, 3, 1, 1))

    @classmethod
    def load(cls, folder: str | Path) -> Lpips:
        """From the two files in ``folder``."""
        folder = Path(folder)
        return cls(read_weights(folder / SQUEEZENET_FILE), read_weights(folder / LPIPS_HEADS_FILE)).eval()

    def features(self, image: Tensor) -> list[Tensor]:
        """RGB 0…1 ``[N, 3, H, W]`` → seven maps, each of unit length over its channels."""
        taps = self.backbone((2 * image - 1 - self.shift) / self.scale)
        return [tap / (tap.square().sum(1, keepdim=True).sqrt() + 1e-10) for tap in taps]

    def compare(self, a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
        """Distance ``[N]`` between what :meth:`features` gave for two batches."""
        total = torch.zeros((), device=a[0].device)
        for index, (x, y) in enumerate(zip(a, b)):
            head = getattr(self, f"lin{index}")
            total = total + ((x - y).square() * head).sum(1).mean((1, 2))
        return total

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Distance ``[N]`` between two batches ``[N, 3, H, W]``, RGB 0…1."""
        return self.compare(self.features(a), self.features(b))


class Vgg19Small(_Frozen):
    """VGG-19 at a sixteenth of its size; for perceptual and style losses."""

    _stages = (("11", "12"), ("21", "22"), ("31", "32", "33", "34"), ("41", "42", "43", "44"), ("51",))
    layers = tuple(f"relu{stage[0]}_{stage[1]}" for stages in _stages for stage in stages)

    @classmethod
    def load(cls, path: str | Path) -> Vgg19Small:
        """From its file, or from the folder that holds it."""
        path = Path(path)
        return cls(read_weights(path / VGG19_FILE if path.is_dir() else path)).eval()

    def forward(self, image: Tensor, upto: str = "relu5_1") -> dict[str, Tensor]:
        """RGB 0…1 ``[N, 3, H, W]`` → ``{"relu1_1": [N, 16, H, W], …}`` up to and with ``upto``.

        Raises:
            ValueError: no such layer.
        """
        if upto not in self.layers:
            raise ValueError(f"There is no layer {upto}; there are {', '.join(self.layers)}.")
        x = self._conv(image, "conv0")
        found: dict[str, Tensor] = {}
        for depth, stage in enumerate(self._stages):
            if depth:
                x = F.max_pool2d(x, 2, 2)
            for layer in stage:
                x = F.relu(self._conv(F.pad(x, (1, 1, 1, 1), mode="reflect"), f"conv{layer}"))
                found[f"relu{layer[0]}_{layer[1]}"] = x
                if upto in found:
                    return found
        return found


class TinyDarknet(_Frozen):
    """Tiny Darknet, batch norm folded in: classes, and pooled features for a kernel distance."""

    name = "tiny Darknet conv15, 128 values, mean-pooled"
    side = 224
    _last = 16

    @classmethod
    def load(cls, path: str | Path) -> TinyDarknet:
        """From its file, or from the folder that holds it."""
        path = Path(path)
        return cls(read_weights(path / DARKNET_FILE if path.is_dir() else path)).eval()

    def forward(self, image: Tensor, layer: int = 16) -> Tensor:
        """RGB 0…1 ``[N, 3, 224, 224]`` → ``conv{layer}`` averaged over positions; 16 gives the logits."""
        x = image
        for index in range(1, layer + 1):
            kernel = getattr(self, f"conv{index}_weight").shape[-1]
            x = self._conv(x, f"conv{index}", padding=kernel // 2)
            if index < self._last:
                x = F.leaky_relu(x, 0.1)
            if index in (1, 2, 6, 10) and index < layer:
                x = F.max_pool2d(x, 2, 2)
        return x.mean((2, 3))
