"""One region on its way to a model and back: depth and profile, masks, padding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pluripaint.imaging import colour, masks
from pluripaint.methods.base import Scene
from pluripaint.pipeline.types import FillError, RegionPixels
from pluripaint_client.geometry import Region
from pluripaint_client.texts import Sentence


@dataclass(frozen=True)
class Knobs:
    """Numbers of ANCHORS §3.5. Lengths in native pixels.

    Attributes:
        grow_least, grow_most: how far the model's hole is grown beyond the selection.
        grow_model_pixels: … at least this many pixels of a network's own grid.
        pad_to: smaller regions are mirrored out to this side so that patches have sources.
        seam_clamp, seam_fade, seam_fade_share: the colour step that is taken out at the seam, and how far it
            reaches: the larger of ``seam_fade`` and that share of the hole's inner radius.
        guide_from, guide_full: a weak guide ("grow") counts from this inner radius of the hole on, and fully from that
            one: narrow holes are better off with the patches alone.
        alike: two fills nearer than this share of the pool's median difference are near-duplicates.
    """

    grow_least: int = 4
    grow_most: int = 24
    grow_model_pixels: float = 1.5
    pad_to: int = 64
    seam_clamp: float = 16 / 255
    seam_fade: float = 8.0
    seam_fade_share: float = 0.15
    guide_from: float = 12.0
    guide_full: float = 32.0
    alike: float = 0.6


KNOBS = Knobs()


def grow_for(side: int, native_size: int | None) -> int:
    """How far the hole is grown for a region of this side: ANCHORS §3.5 row 2."""
    scale = side / native_size if native_size else 1.0
    return int(np.clip(np.ceil(KNOBS.grow_model_pixels * scale), KNOBS.grow_least, KNOBS.grow_most))


@dataclass(frozen=True)
class Prepared:
    """A region ready for a method.

    Attributes:
        source: what came in.
        scene: what the method sees, padded.
        squeeze: what brought the region's values into 0…1.
        top, left: the padding above and to the left.
        box: the selection's box in the region's own coordinates.
        space: the photograph's colour space.
    """

    source: RegionPixels
    scene: Scene
    squeeze: colour.Squeeze
    top: int
    left: int
    box: Region
    space: str | bytes

    @property
    def box_in_photo(self) -> Region:
        """The selection's box in photograph coordinates."""
        return self.box.moved(self.source.region.left, self.source.region.top)

    @property
    def slices(self) -> tuple[slice, slice]:
        """The selection's box in the scene."""
        top, left = self.top + self.box.top, self.left + self.box.left
        return slice(top, top + self.box.height), slice(left, left + self.box.width)

    def native(self, image: np.ndarray) -> np.ndarray:
        """A fill ``float32 [H, W, 3]`` of the scene's size → ``[h, w, colours]`` over the box, in the depth
        sent.

        Where nothing is painted the photograph's own pixels stand, and zeros where it has none.
        """
        rows, columns = self.slices
        colours = self.source.pixels[..., : _colours(self.source.pixels)]
        filled = colour.from_srgb(self.squeeze.inverse(image[rows, columns]), self.space, colours)
        own = slice(self.box.top, self.box.bottom), slice(self.box.left, self.box.right)
        painted, known = self.scene.core[rows, columns], self.scene.valid[rows, columns]
        kept = np.where(known[..., None], colours[own], 0).astype(colours.dtype)
        return np.where(painted[..., None], filled, kept)


def prepare(source: RegionPixels, space: str | bytes, grow: int) -> Prepared:
    """Make a scene of a region.

    Raises:
        FillError: ``empty-selection``, ``nothing-known``, ``bad-profile``, ``bad-pixels``.
    """
    _check(source)
    selection = masks.as_selection(source.selection)
    box = masks.selection_box(selection)
    if box is None:
        raise FillError("empty-selection", "Nothing is selected.", "Select what is to be replaced.")
    valid = _existing(source)
    # A very wide feather is cut where the photo goes on below it; where there is none, only a fill has a colour.
    core = masks.core(selection) | ((selection > 0) & ~valid)
    exclude = np.zeros_like(core) if source.exclude is None else source.exclude.astype(bool)
    known = valid & ~core
    hole = masks.grown_hole(core, grow)
    if not (valid & ~hole).any():
        # A hole this close to the border of all there is leaves nothing when it is grown.
        hole = core.copy()
    if not known.any():
        raise FillError(
            "nothing-known",
            "The selection covers everything there is around it.",
            "Leave some of the photo outside it.",
        )
    image, squeeze = _to_scene(source, space, known)
    top, left, bottom, right = _padding(*core.shape)
    around = ((top, bottom), (left, right))
    scene = Scene(
        image=mirror(np.where(known[..., None], image, np.float32(0)), (*around, (0, 0))),
        hole=np.pad(hole, around),
        core=np.pad(core, around),
        valid=mirrored_valid(valid, hole, around),
        exclude=mirror(exclude, around),
    )
    return Prepared(source, scene, squeeze, top, left, box, space)


# ------------------------------------------------------------------------------------------------ details


def _colours(pixels: np.ndarray) -> int:
    return 1 if pixels.shape[2] <= 2 else 3


def _check(source: RegionPixels) -> None:
    pixels = source.pixels
    if (
        pixels.ndim != 3
        or not 1 <= pixels.shape[2] <= 4
        or pixels.dtype not in (np.uint8, np.uint16, np.float32)
    ):
        raise FillError(
            "bad-pixels", "The pixels are neither 8 bit, 16 bit nor float with one to four channels."
        )
    for other in (source.selection, source.valid, source.exclude):
        if other is not None and other.shape != pixels.shape[:2]:
            raise FillError("bad-pixels", "A mask does not have the size of its pixels.")
    if (source.region.height, source.region.width) != pixels.shape[:2]:
        raise FillError("bad-pixels", "The pixels do not have the size of their region.")


def _existing(source: RegionPixels) -> np.ndarray:
    """Pixels that exist: not outside the layer, not wholly transparent, not infinite or not-a-number."""
    pixels = source.pixels
    valid = np.ones(pixels.shape[:2], bool) if source.valid is None else source.valid.astype(bool)
    if pixels.shape[2] in (2, 4):
        valid &= pixels[..., -1] > 0
    if pixels.dtype == np.float32:
        valid &= np.isfinite(pixels).all(axis=2)
    return valid


def _to_scene(
    source: RegionPixels, space: str | bytes, known: np.ndarray
) -> tuple[np.ndarray, colour.Squeeze]:
    colours = source.pixels[..., : _colours(source.pixels)]
    # Hidden pixels go no further than this line: neither values nor statistics.
    colours = np.where(known[..., None], colours, 0).astype(colours.dtype)
    try:
        image = colour.to_srgb(colours, space)
    except ValueError as error:
        raise FillError(
            "bad-profile",
            Sentence("The photo's colour profile cannot be used ({reason}).", reason=str(error)[:200]),
            "Convert the photo to sRGB.",
        ) from None
    squeeze = colour.Squeeze.around(image[known])
    return squeeze.forward(image), squeeze


def _padding(height: int, width: int) -> tuple[int, int, int, int]:
    tall, wide = max(0, KNOBS.pad_to - height), max(0, KNOBS.pad_to - width)
    return tall // 2, wide // 2, tall - tall // 2, wide - wide // 2


def mirror(array: np.ndarray, around: tuple[tuple[int, int], ...]) -> np.ndarray:
    """``array`` with its mirror image on around it."""
    return np.pad(array, around, mode="symmetric") if any(sum(pair) for pair in around) else array


def mirrored_valid(valid: np.ndarray, hole: np.ndarray, around: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Mirrored pixels exist where their original is known: a hole is never mirrored into something known."""
    if not any(sum(pair) for pair in around):
        return valid
    padded = np.pad(valid & ~hole, around, mode="symmetric")
    (top, _), (left, _) = around
    padded[top : top + valid.shape[0], left : left + valid.shape[1]] = valid
    return padded
