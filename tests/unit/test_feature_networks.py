"""The feature networks against plain re-implementations, on random weights of the published shapes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from pluripaint.evaluation.metrics import Networks
from pluripaint.layers import feature_networks as networks

FIRES = {3: (64, 16, 64), 4: (128, 16, 64), 6: (128, 32, 128), 7: (256, 32, 128)} | {
    9: (256, 48, 192),
    10: (384, 48, 192),
    11: (384, 64, 256),
    12: (512, 64, 256),
}


class Fire(nn.Module):
    def __init__(self, wide: int, narrow: int, out: int) -> None:
        super().__init__()
        self.squeeze, self.expand1x1 = nn.Conv2d(wide, narrow, 1), nn.Conv2d(narrow, out, 1)
        self.expand3x3 = nn.Conv2d(narrow, out, 3, padding=1)

    def forward(self, x):
        x = torch.relu(self.squeeze(x))
        return torch.cat([torch.relu(self.expand1x1(x)), torch.relu(self.expand3x3(x))], 1)


def plain_squeezenet() -> nn.Sequential:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 64, 3, stride=2), nn.ReLU()]
    for index in range(2, 13):
        layers.append(Fire(*FIRES[index]) if index in FIRES else nn.MaxPool2d(3, 2, ceil_mode=True))
    return nn.Sequential(*layers)


def conv(rng: torch.Generator, out: int, into: int, side: int) -> dict[str, torch.Tensor]:
    weight = torch.randn(out, into, side, side, generator=rng) / (into * side * side) ** 0.5
    return {"weight": weight, "bias": 0.1 * torch.randn(out, generator=rng)}


def named(layers: dict[str, dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    return {f"{layer}.{name}": tensor for layer, pair in layers.items() for name, tensor in pair.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Weights of the published shapes with random values."""
    place, rng = tmp_path_factory.mktemp("weights"), torch.Generator().manual_seed(1)
    backbone = {f"features.{name}": tensor for name, tensor in plain_squeezenet().state_dict().items()}
    save_file(backbone, place / networks.SQUEEZENET_FILE)
    heads = {
        f"squeeze.lin{k}.weight": torch.rand(width, generator=rng)
        for k, width in enumerate(networks.SqueezeNet.widths)
    }
    save_file(heads, place / networks.LPIPS_HEADS_FILE)
    # conv number → (out, in, side), as in the published network up to the classes
    widths = [16, 32, 16, 128, 16, 128, 32, 256, 32, 256, 64, 512, 64, 512, 128, 1000]
    sides = [3, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 1]
    ins = [3, *widths[:-1]]
    dark = {f"conv{k + 1}": conv(rng, widths[k], ins[k], sides[k]) for k in range(16)}
    save_file({k: v.half() for k, v in named(dark).items()}, place / networks.DARKNET_FILE)
    sizes = {"conv0": (3, 3, 1), "conv11": (16, 3, 3), "conv12": (16, 16, 3), "conv21": (32, 16, 3)}
    sizes |= {"conv22": (32, 32, 3), "conv31": (64, 32, 3), "conv41": (128, 64, 3), "conv51": (128, 128, 3)}
    sizes |= {f"conv3{k}": (64, 64, 3) for k in (2, 3, 4)} | {f"conv4{k}": (128, 128, 3) for k in (2, 3, 4)}
    vgg = {name: conv(rng, *size) for name, size in sizes.items()}
    save_file({k: v.half() for k, v in named(vgg).items()}, place / networks.VGG19_FILE)
    return place


def pictures(count: int = 2, side: int = 65) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(5))


def test_lpips_is_the_plain_formula(folder):
    a, b = pictures(2)[:1], pictures(2)[1:]
    net, heads = plain_squeezenet(), networks.read_weights(folder / networks.LPIPS_HEADS_FILE)
    shift, scale = np.array([-0.030, -0.088, -0.188]), np.array([0.458, 0.448, 0.450])
    expected, x, y = 0.0, *(((2 * p - 1).permute(0, 2, 3, 1).numpy() - shift) / scale for p in (a, b))
    x, y = (torch.from_numpy(p).permute(0, 3, 1, 2).float() for p in (x, y))
    taps = iter(range(7))
    with torch.no_grad():
        for index, layer in enumerate(net):
            x, y = layer(x), layer(y)
            if index in (1, 4, 7, 9, 10, 11, 12):
                p, q = (t[0].numpy() / np.linalg.norm(t[0].numpy(), axis=0, keepdims=True) for t in (x, y))
                head = heads[f"squeeze.lin{next(taps)}.weight"].numpy()
                expected += float(np.einsum("c,chw->hw", head, (p - q) ** 2).mean())
        assert float(networks.Lpips.load(folder)(a, b)) == pytest.approx(expected, rel=1e-4)


def test_lpips_is_nothing_for_the_same_picture_and_symmetric(folder):
    lpips, p = networks.Lpips.load(folder), pictures(2)
    assert float(lpips(p[:1], p[:1])) == 0
    assert float(lpips(p[:1], p[1:])) == pytest.approx(float(lpips(p[1:], p[:1])), rel=1e-5)


def test_lpips_can_teach(folder):
    p = pictures(2)
    guess = p[:1].clone().requires_grad_()
    networks.Lpips.load(folder)(guess, p[1:]).sum().backward()
    assert guess.grad.abs().sum() > 0
    assert not [name for name, _ in networks.Lpips.load(folder).named_parameters()]


def test_darknet_is_its_list_of_layers(folder):
    weights, x = networks.read_weights(folder / networks.DARKNET_FILE), pictures(1, 64)
    layers = []
    for k in range(1, 17):
        w = weights[f"conv{k}.weight"]
        layer = nn.Conv2d(w.shape[1], w.shape[0], w.shape[2], padding=w.shape[2] // 2)
        layer.load_state_dict({"weight": w, "bias": weights[f"conv{k}.bias"]})
        layers += [layer, nn.LeakyReLU(0.1)] if k < 16 else [layer]
        layers += [nn.MaxPool2d(2)] if k in (1, 2, 6, 10) else []
    with torch.no_grad():
        expected = nn.Sequential(*layers)(x).mean((2, 3))
        features = nn.Sequential(*layers[:-1])(x).mean((2, 3))
        ours = networks.TinyDarknet.load(folder)
        torch.testing.assert_close(ours(x), expected, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(ours(x, layer=15), features, rtol=1e-4, atol=1e-5)


def test_vgg_gives_what_was_asked_for(folder):
    weights, x = networks.read_weights(folder / networks.VGG19_FILE), pictures(1, 32)
    vgg = networks.Vgg19Small.load(folder)
    found = vgg(x)
    sides = {"relu1_2": 32, "relu2_2": 16, "relu3_4": 8, "relu4_4": 4, "relu5_1": 2}
    assert {name: found[name].shape[-1] for name in sides} == sides
    stem = torch.nn.functional.conv2d(x, weights["conv0.weight"], weights["conv0.bias"])
    padded = nn.ReflectionPad2d(1)(stem)
    first = torch.relu(torch.nn.functional.conv2d(padded, weights["conv11.weight"], weights["conv11.bias"]))
    torch.testing.assert_close(found["relu1_1"], first)
    assert list(vgg(x, upto="relu2_1")) == ["relu1_1", "relu1_2", "relu2_1"]
    with pytest.raises(ValueError, match="relu9_9"):
        vgg(x, upto="relu9_9")


def test_the_judges_measure_a_set_of_fills(folder):
    judges = Networks(str(folder))
    photo, *fills = (
        np.random.default_rng(k).integers(0, 255, (70, 80, 3)).astype(np.uint8) for k in range(4)
    )
    distances, diversity = judges.perceptual([photo, *fills], photo)
    assert distances[0] == 0 and min(distances[1:]) > 0
    between = [judges.perceptual([fill], photo)[0][0] for fill in fills]
    assert distances[1:] == pytest.approx(between)
    one, alone = judges.perceptual([photo], photo)
    assert one == [0] and np.isnan(alone)
    assert diversity > 0 and len(judges.kid_features(photo)) == 128


def test_a_missing_network_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=networks.SQUEEZENET_FILE):
        networks.Lpips.load(tmp_path)
