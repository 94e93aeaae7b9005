"""VGG-19's convolutional part (Simonyan & Zisserman, arXiv 1409.1556), for perceptual and style losses."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

#: channels of the convolutions, stage by stage; a 2×2 max pooling lies between stages.
STAGES = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4)


class Vgg19(nn.Module):
    """``forward``: image ``[B, 3, H, W]`` → ``{"1_1": relu map, "1_2": …, "5_4": …}``.

    No normalisation happens here: PUT and FDM feed RGB in 0…1 as it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleDict()
        width = 3
        for s, stage in enumerate(STAGES, start=1):
            for i, channels in enumerate(stage, start=1):
                self.convolutions[f"{s}_{i}"] = nn.Conv2d(width, channels, 3, padding=1)
                width = channels

    @staticmethod
    def torchvision_names() -> dict[str, str]:
        """``features.N`` of torchvision's VGG-19 for every convolution here."""
        names: dict[str, str] = {}
        index = 0
        for s, stage in enumerate(STAGES, start=1):
            for i in range(1, len(stage) + 1):
                names[f"{s}_{i}"] = f"features.{index}"
                index += 2
            index += 1
        return names

    def forward(self, image: Tensor, last: str = "5_4") -> dict[str, Tensor]:
        maps: dict[str, Tensor] = {}
        x = image
        for name, convolution in self.convolutions.items():
            if name.endswith("_1") and name != "1_1":
                x = functional.max_pool2d(x, 2)
            x = functional.relu(convolution(x))
            maps[name] = x
            if name == last:
                break
        return maps
