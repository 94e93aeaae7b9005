"""Patch discriminators."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils import spectral_norm


class PatchDiscriminator(nn.Module):
    """Spectrally normalised 4×4 convolutions, strides 2, 2, 2, 1, 1, no bias (EdgeConnect's, as PUT uses it).

    ``forward``: image ``[B, 3, H, W]`` → realness before the sigmoid ``[B, 1, H/8 − 2, W/8 − 2]``.
     In training
    mode every forward makes one power iteration.
    """

    def __init__(self, base: int = 64, channels: int = 3) -> None:
        super().__init__()
        widths = (channels, base, 2 * base, 4 * base, 8 * base, 1)
        strides = (2, 2, 2, 1, 1)
        self.layers = nn.ModuleList()
        for i, stride in enumerate(strides):
            convolution = nn.Conv2d(widths[i], widths[i + 1], 4, stride, padding=1, bias=False)
            nn.init.normal_(convolution.weight, 0.0, 0.02)
            self.layers.append(spectral_norm(convolution))
        self.activation = nn.LeakyReLU(0.2)

    def features(self, image: Tensor) -> list[Tensor]:
        """Outputs of all layers, the inner ones after their LeakyReLU."""
        maps = []
        x = image
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
            maps.append(x)
        return [*maps, self.layers[-1](x)]

    def forward(self, image: Tensor) -> Tensor:
        return self.features(image)[-1]
