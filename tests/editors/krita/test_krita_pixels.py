"""Every depth and model in a real Krita: native samples in and out, alpha the selection, floats beyond 1."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from krita_editor import LAYER, KritaEditor

pytestmark = pytest.mark.editor

BOX = (60, 50, 40, 30)
SIZE = (192, 160)
TYPES = {"U8": "<u1", "U16": "<u2", "F16": "<f2", "F32": "<f4"}
FULL = {"U8": 255, "U16": 65535, "F16": 1, "F32": 1}
PRO = "LargeRGB-elle-V2-g22.icc"
SPACES = [
    *[("RGBA", depth, profile) for depth in TYPES for profile in ("sRGB-elle-V2-srgbtrc.icc", PRO)],
    *[("RGBA", depth, "sRGB-elle-V2-g10.icc") for depth in ("F16", "F32")],
    *[("GRAYA", depth, "Gray-D50-elle-V2-srgbtrc.icc") for depth in TYPES],
]


def fresh(
    krita: KritaEditor,
    space: tuple[str, str, str],
    values: np.ndarray,
    box: tuple[int, int, int, int] = BOX,
) -> None:
    """A document of one layer. ``values``: float [H, W], a gray gradient in the space's own samples, 0…1 (and more)."""
    model, depth, _profile = space
    channels = 4 if model == "RGBA" else 2
    scaled = values * FULL[depth]
    if depth in ("U8", "U16"):
        scaled = np.round(np.clip(scaled, 0, FULL[depth]))
    pixels = np.repeat(scaled[..., None], channels, axis=2)
    if channels == 4:
        pixels[..., 0] *= 0.9  # not gray: a swap of channels would be seen
    pixels[..., -1] = FULL[depth]
    data = base64.b64encode(pixels.astype(TYPES[depth]).tobytes()).decode()
    krita.do(
        f"""
        import base64
        document = app.createDocument({SIZE[0]}, {SIZE[1]}, 'fresh', *{space!r}, 72.0)
        app.activeWindow().addView(document)
        app.setActiveDocument(document)
        layer = document.rootNode().childNodes()[0]
        layer.setName({LAYER!r})
        layer.setPixelData(QByteArray(base64.b64decode({data!r})), 0, 0, *{SIZE!r})
        document.refreshProjection()
        document.waitForDone()
        """
    )
    krita.wait("app.activeDocument() is not None and app.activeDocument().width() == 192", "the document")
    krita.select(*box, feather=3)
    krita.do("widget('pluripaint_count').setValue(1)")


def gradient() -> np.ndarray:
    """A slope with a little texture."""
    x, y = np.meshgrid(np.linspace(0, 1, SIZE[0]), np.linspace(0, 1, SIZE[1]))
    noise = np.random.default_rng(1).normal(0, 0.004, x.shape)
    return 0.1 + 0.7 * (0.7 * x + 0.3 * y) + noise


def pixels(krita: KritaEditor, space: tuple[str, str, str], name: str | None = None) -> np.ndarray:
    """Native samples [H, W, C] of a layer or the projection."""
    channels = 4 if space[0] == "RGBA" else 2
    return np.frombuffer(krita.pixels(name), TYPES[space[1]]).reshape(SIZE[1], SIZE[0], channels)


@pytest.mark.parametrize(
    "space", SPACES, ids=["-".join((s[0], s[1], s[2].split("-elle")[0])) + s[2][-7:-4] for s in SPACES]
)
def test_every_space_comes_back_at_its_own_depth(krita, space):
    fresh(krita, space, gradient())
    before, picture = pixels(krita, space, LAYER), pixels(krita, space)
    entries = len(krita.undo_entries())
    krita.trigger("pluripaint_2_again")
    group = krita.generated()
    assert len(krita.undo_entries()) == entries + 1
    np.testing.assert_array_equal(pixels(krita, space, LAYER), before)
    selection = np.frombuffer(krita.selection(), "u1").reshape(SIZE[1], SIZE[0])
    after = pixels(krita, space)
    outside = selection == 0
    assert (after[outside] == picture[outside]).all(), "outside the selection not a bit"
    layer = pixels(krita, space, group[1][1])
    full = FULL[space[1]]
    alpha = layer[..., -1].astype(float) / full * 255
    np.testing.assert_allclose(alpha, selection, atol=0.13, err_msg="alpha is the selection")
    assert krita.do(f"answer = app.activeDocument().nodeByName({group[1][1]!r}).colorProfile()") == space[2]
    inside = selection == 255
    colour = layer[..., :-1][inside].astype(float) / full
    around = before[..., :-1][inside].astype(float) / full
    assert np.abs(colour.mean(axis=0) - around.mean(axis=0)).max() < 0.06, (
        "the slope goes on in its own samples"
    )


def test_a_16_bit_prophoto_gradient_keeps_its_levels(krita):
    space = ("RGBA", "U16", PRO)
    fresh(krita, space, gradient(), (50, 40, 80, 70))
    krita.trigger("pluripaint_2_again")
    group = krita.generated()
    layer = pixels(krita, space, group[1][1])
    inside = layer[layer[..., 3] == 65535][:, 1]
    print(f"{len(np.unique(inside))} levels in {len(inside)} pixels")
    assert len(np.unique(inside)) > 1000


@pytest.mark.parametrize("depth", ["F16", "F32"])
def test_float_light_beyond_one_is_filled_beyond_one(krita, depth):
    space = ("RGBA", depth, "sRGB-elle-V2-g10.icc")
    fresh(krita, space, 1.5 + 2 * gradient())
    krita.trigger("pluripaint_2_again")
    group = krita.generated()
    layer = pixels(krita, space, group[1][1])
    inside = layer[layer[..., 3] == 1][:, 1]
    assert np.isfinite(inside).all()
    assert inside.min() > 1.0 and 1.5 < inside.mean() < 3.5


def test_cmyk_is_refused_with_the_way_out(krita):
    krita.do(
        """
        profile = app.profiles('CMYKA', 'U8')[0]
        document = app.createDocument(64, 64, 'print', 'CMYKA', 'U8', profile, 72.0)
        app.activeWindow().addView(document)
        app.setActiveDocument(document)
        """
    )
    krita.wait("app.activeDocument() is not None", "the document")
    krita.select(10, 10, 10, 10)
    krita.trigger("pluripaint_2_again")
    assert "CMYKA" in krita.sentence() and "Convert" in krita.sentence()
    assert not krita.group()
