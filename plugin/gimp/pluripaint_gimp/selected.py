"""The effective selection: what is to be replaced and how strongly, after everything the person set."""

from __future__ import annotations

from dataclasses import dataclass

from pluripaint_client import geometry, rows
from pluripaint_client.geometry import Region
from pluripaint_client.runner import Settings
from pluripaint_client.texts import _

from .backend import Backend
from .formats import Travel

QUICK_MASK = "Qmask"
"""GIMP's own name, in every language, for the channel that is the selection while the Quick Mask is on."""

_BAND = 4 << 20  # pixels looked at for transparency at once, so that memory stays small
_ANY_TO_ONE = bytes([0] + [1] * 255)


class CannotFill(Exception):
    """The job is not possible as things are; the message is a sentence for the person."""


class NothingSelected(CannotFill):
    """Nothing is selected. ``transparent``: there are transparent parts that could be filled instead."""

    def __init__(self, transparent: bool) -> None:
        super().__init__(
            _("Nothing is selected. The picture has transparent parts: they can be filled instead.")
            if transparent
            else _("Nothing is selected. Select what is to be replaced, then try again.")
        )
        self.transparent = transparent


@dataclass(frozen=True)
class Selected:
    """Coverage over ``box`` (image coordinates): ``alpha`` at the depth that travels, ``mask`` in 8 bits.

    ``mask`` is at least 1 wherever ``alpha`` is not zero: every pixel that may change gets a fill.
    """

    box: Region
    alpha: bytes
    mask: bytes


def quick_mask(gimp: Backend, image: int) -> int:
    """The channel that is the selection while the Quick Mask is on, else 0."""
    return next((one for one in gimp.channels(image) if gimp.item_name(one) == QUICK_MASK), 0)


def bounds(gimp: Backend, image: int) -> tuple[int, Region] | None:
    """Selection (or Quick Mask) as an item of the image's size, and its bounds with the soft rim."""
    mask = quick_mask(gimp, image)
    if not mask:
        box = gimp.selection_box(image)
        return (gimp.selection(image), box) if box else None
    width, height = gimp.image_size(image)
    found = geometry.bounds(gimp.read(mask, Region(0, 0, width, height), "Y u8"), width, height)
    return (mask, found) if found else None


def effective(
    gimp: Backend, image: int, layer: int, way: Travel, settings: Settings, transparent: bool
) -> Selected:
    """The image's selection, grown and feathered as ``settings`` say.

    Args:
        layer: where transparent pixels are looked for when nothing is selected.
        transparent: with nothing selected, take those.

    Raises:
        NothingSelected, CannotFill: nothing is left, or all of the picture.
    """
    canvas = Region(0, 0, *gimp.image_size(image))
    found = bounds(gimp, image)
    if found:
        box = found[1]
        alpha = gimp.read(found[0], box, way.coverage)
    else:
        hole = transparent_parts(gimp, layer, way, canvas)
        if hole is None or not transparent:
            raise NothingSelected(hole is not None)
        box = hole[0]
        alpha = gimp.convert(hole[1], box.width, box.height, "Y u8", way.coverage)
    if settings.grow or settings.feather:
        margin = max(0, settings.grow) + int(2 * settings.feather) + 2
        # Not beyond the canvas: GIMP feathers no edge that is the picture's border, nor its scratch picture's.
        wide = box.grown(margin).intersection(canvas) or box
        alpha = gimp.altered(
            image, spread(alpha, box, wide, way.sample), wide, way.coverage, settings.grow, settings.feather
        )
        box, alpha = _tight(alpha, wide, canvas, way)
    chosen = Selected(box, alpha, mask_of(gimp, alpha, box, way))
    if box == canvas and not chosen.mask.strip(b"\xff"):
        raise CannotFill(_("The whole picture is selected: nothing is left to learn from. Select less."))
    return chosen


def of_mask(gimp: Backend, box: Region, mask: bytes, canvas: Region, way: Travel) -> Selected:
    """A selection that is known already, as far as it lies inside the canvas.

    Raises:
        CannotFill: it lies outside.
    """
    inside = box.intersection(canvas)
    if inside is None:
        raise CannotFill(_("The variations lie outside the picture: there is nothing to fill."))
    mask = rows.cropped(mask, box, inside, 1)
    return Selected(inside, gimp.convert(mask, inside.width, inside.height, "Y u8", way.coverage), mask)


def transparent_parts(gimp: Backend, layer: int, way: Travel, canvas: Region) -> tuple[Region, bytes] | None:
    """Bounds and mask (0 or 255) of what is not opaque, also beyond the layer's edge; ``None`` if nothing or all is."""
    place = gimp.box(layer)
    height = max(1, _BAND // canvas.width)
    masks = []
    for top in range(0, canvas.height, height):
        band = Region(0, top, canvas.width, min(height, canvas.height - top))
        pixels = gimp.read(layer, band.moved(-place.left, -place.top), way.color_alpha)
        alpha = rows.planes(pixels, way.channels + 1, way.depth)[-1]
        masks.append(rows.where_not_full(rows.samples_to_mask(alpha, way.depth)))
    mask = b"".join(masks)
    box = geometry.bounds(mask, canvas.width, canvas.height)
    if box is None or not mask.strip(b"\xff"):
        return None
    return box, rows.cropped(mask, canvas, box, 1)


def mask_of(gimp: Backend, alpha: bytes, box: Region, way: Travel) -> bytes:
    """Coverage in 8 bits, at least 1 where there is any."""
    if way.depth == "uint8":
        return alpha
    mask = gimp.convert(alpha, box.width, box.height, way.coverage, "Y u8")
    some = rows.samples_mask(alpha, way.depth).translate(_ANY_TO_ONE)
    joined = int.from_bytes(mask, "little") | int.from_bytes(some, "little")
    return joined.to_bytes(len(mask), "little")


def spread(mask: bytes, box: Region, region: Region, sample: int = 1) -> bytes:
    """Rows over ``box`` laid out over ``region``, zeros elsewhere; ``sample`` bytes a pixel."""
    shared = region.intersection(box)
    out = bytearray(region.area * sample)
    if shared:
        rows.pasted(out, region, rows.cropped(mask, box, shared, sample), shared, sample)
    return bytes(out)


def _tight(alpha: bytes, wide: Region, canvas: Region, way: Travel) -> tuple[Region, bytes]:
    """Bounds of altered coverage inside the canvas, and the coverage over them."""
    found = geometry.bounds(rows.samples_mask(alpha, way.depth), wide.width, wide.height)
    box = found.moved(wide.left, wide.top).intersection(canvas) if found else None
    if box is None:
        raise CannotFill(_("Nothing is left of the selection. Shrink it less, then try again."))
    return box, rows.cropped(alpha, wide, box, way.sample)
