"""What a job is made of, read once before it starts: afterwards the person may do anything."""

from __future__ import annotations

from dataclasses import dataclass

from pluripaint_client import geometry, rows
from pluripaint_client.geometry import Region
from pluripaint_client.messages import JobRequest, RegionData
from pluripaint_client.runner import Settings

from .backend import Backend
from .formats import Travel, split_alpha, travel
from .texts import _

_REASONS = {
    "group": _("a layer group is active"),
    "text": _("a text layer is active"),
    "other-layer": _("the active layer has no pixels of its own"),
    "hidden": _("the active layer is hidden"),
    "several": _("several layers are active"),
    "opacity": _("the active layer is not fully opaque"),
    "mode": _("the active layer has a blend mode"),
    "mask": _("the active layer has a mask"),
    "filters": _("the active layer has filters"),
    "outside": _("the selection lies outside the active layer"),
}


_SEEN = (1000, 600)  # pixels, the size of the large picture in the review


class CannotFill(Exception):
    """The job is not possible as things are; the message is a sentence for the person."""


@dataclass(frozen=True)
class Source:
    """Where pixels come from: a layer, or everything visible. ``note`` says why, where that is not what was asked."""

    image: int
    layer: int
    visible: bool
    note: str = ""


@dataclass(frozen=True)
class Snapshot:
    """All that a job and its result need.

    Attributes:
        box: the effective selection's bounds: what every candidate layer covers (image coordinates).
        alpha: its coverage over ``box`` in the depth that travels: the candidates' alpha.
        regions: what travels.
        view, view_pixels: a rectangle around the selection and its look as 8-bit sRGB, for the review.
        size, precision, base, offset: to notice what changed while the job ran.
    """

    source: Source
    box: Region
    alpha: bytes
    regions: tuple[RegionData, ...]
    travel: Travel
    view: Region
    view_pixels: bytes
    size: tuple[int, int]
    precision: int
    base: str
    offset: tuple[int, int]

    def request(self, settings: Settings) -> JobRequest:
        """The job for these pixels; ``settings`` has a seed."""
        return JobRequest(
            regions=self.regions,
            depth=self.travel.depth,
            channels=self.travel.channels,
            space=self.travel.icc or "srgb",
            count=settings.variations,
            preset=settings.preset,
            method=settings.method,
            seed=settings.seed,
        )


def choose_source(gimp: Backend, image: int, items: list[int], wanted: str) -> Source:
    """The layer to work on, or everything visible with the reason.

    Raises:
        CannotFill: indexed colours, or a channel is active.
    """
    if gimp.base_type(image) == "indexed":
        raise CannotFill(
            _("This picture has indexed colours. Convert it with Image → Mode → RGB, then try again.")
        )
    items = [gimp.layer_of_mask(item) if gimp.kind(item) == "mask" else item for item in items]
    if any(gimp.kind(item) in ("channel", "other") for item in items):
        raise CannotFill(
            _("A channel is active. Click the layer to work on in the Layers list, then try again.")
        )
    top = gimp.layers(image)
    if not top:
        raise CannotFill(_("This picture has no layer to fill."))
    layer = items[0] if items else top[0]
    if wanted == "visible":
        return Source(image, layer, True)
    reason = _why_visible(gimp, layer, items)
    if not reason:
        return Source(image, layer, False)
    return Source(
        image, layer, True, _("Working on all that is visible, because {reason}.").format(reason=reason)
    )


def _why_visible(gimp: Backend, layer: int, items: list[int]) -> str:
    kind = gimp.kind(layer)
    if len(items) > 1:
        return _REASONS["several"]
    if kind != "layer":
        return _REASONS[kind]
    if not _seen(gimp, layer):
        return _REASONS["hidden"]
    reasons = gimp.plain_reasons(layer)
    return _REASONS[reasons[0]] if reasons else ""


def _seen(gimp: Backend, item: int) -> bool:
    while item:
        if not gimp.visible(item):
            return False
        item = gimp.parent(item)
    return True


def take(
    gimp: Backend, source: Source, settings: Settings, selection: tuple[Region, bytes] | None = None
) -> Snapshot:
    """Reads everything for one job. ``selection``: box and 8-bit coverage instead of the image's selection.

    Raises:
        CannotFill: no selection, nothing around it, or too large.
    """
    gimp.start_pixels()
    image = source.image
    width, height = gimp.image_size(image)
    canvas = Region(0, 0, width, height)
    layer = gimp.visible_copy(image) if source.visible else source.layer
    try:
        way = travel(gimp, layer)
        box, alpha, mask = _selection(gimp, image, canvas, way, settings, selection)
        regions = _regions(gimp, source, layer, way, canvas, box, mask, settings)
        view = seen_around(box, canvas)
        offset = gimp.box(layer)
        pixels = gimp.read(layer, view.moved(-offset.left, -offset.top), "R'G'B' u8")
    except (geometry.TooLarge, geometry.Empty) as error:
        raise CannotFill(str(error)) from None
    finally:
        if source.visible:
            gimp.delete_item(layer)
    place = gimp.box(source.layer)
    return Snapshot(
        source=source,
        box=box,
        alpha=alpha,
        regions=tuple(regions),
        travel=way,
        view=view,
        view_pixels=pixels,
        size=(width, height),
        precision=gimp.precision(image),
        base=gimp.base_type(image),
        offset=(place.left, place.top),
    )


def _selection(
    gimp: Backend,
    image: int,
    canvas: Region,
    way: Travel,
    settings: Settings,
    given: tuple[Region, bytes] | None,
) -> tuple[Region, bytes, bytes]:
    """Bounds, coverage in the depth that travels, coverage in 8 bits (at least 1 where there is any)."""
    if given is not None:
        box, mask = given
        return box, gimp.convert(mask, box.width, box.height, "Y u8", way.coverage), mask
    box = gimp.selection_box(image)
    if box is None:
        raise CannotFill(_("Nothing is selected. Select what is to be replaced, then try again."))
    alpha = gimp.read(gimp.selection(image), box, way.coverage)
    if settings.grow or settings.feather:
        margin = max(0, settings.grow) + int(2 * settings.feather) + 2
        wide = box.grown(margin)
        alpha = gimp.altered(
            image, spread(alpha, box, wide, way.sample), wide, way.coverage, settings.grow, settings.feather
        )
        box, alpha = _tight(gimp, alpha, wide, canvas, way)
    mask = alpha if way.depth == "uint8" else gimp.convert(alpha, box.width, box.height, way.coverage, "Y u8")
    if box == canvas and not mask.strip(b"\xff"):
        raise CannotFill(_("The whole picture is selected: nothing is left to learn from. Select less."))
    return box, alpha, mask


def _tight(gimp: Backend, alpha: bytes, wide: Region, canvas: Region, way: Travel) -> tuple[Region, bytes]:
    """Bounds of altered coverage inside the canvas, and the coverage over them."""
    found = geometry.bounds(rows.samples_mask(alpha, way.depth), wide.width, wide.height)
    box = found.moved(wide.left, wide.top).intersection(canvas) if found else None
    if box is None:
        raise CannotFill(_("Nothing is left of the selection. Shrink it less, then try again."))
    return box, rows.cropped(alpha, wide, box, way.sample)


def _regions(
    gimp: Backend,
    source: Source,
    layer: int,
    way: Travel,
    canvas: Region,
    box: Region,
    mask: bytes,
    settings: Settings,
) -> list[RegionData]:
    rules = geometry.RULES._replace(context=settings.context)
    parts = geometry.islands(mask, box.width, box.height)
    if not parts:
        raise CannotFill(
            _("Nothing is selected strongly enough. Select what is to be replaced, then try again.")
        )
    cut = geometry.cluster([part.moved(box.left, box.top) for part in parts], canvas, rules)
    exclude = _channel_named(gimp, source.image, settings.exclude)
    place = gimp.box(layer)
    regions = []
    for region in cut:
        pixels = gimp.read(layer, region.moved(-place.left, -place.top), way.color_alpha)
        colors, valid = split_alpha(pixels, way.channels, way.depth)
        valid = _within(valid, region, place)
        regions.append(
            RegionData(
                region=region,
                pixels=colors,
                selection=spread(mask, box, region),
                valid=valid if b"\0" in valid else None,
                exclude=gimp.read(exclude, region, "Y u8") if exclude else None,
            )
        )
        if not _any_known(regions[-1]):
            raise CannotFill(
                _(
                    "There is nothing around the selection to learn from. Choose all visible, or another layer."
                )
            )
    return regions


def _any_known(part: RegionData) -> bool:
    """Whether a pixel exists outside the selection."""
    if part.valid is None:
        return b"\0" in part.selection
    return any(v and not s for v, s in zip(part.valid, part.selection))


def _within(valid: bytes, region: Region, place: Region) -> bytes:
    """Validity with everything outside the layer's rectangle taken out."""
    if place.contains(region):
        return valid
    shared = region.intersection(place)
    out = bytearray(len(valid))
    if shared:
        for row in range(shared.top - region.top, shared.bottom - region.top):
            start = row * region.width + shared.left - region.left
            out[start : start + shared.width] = valid[start : start + shared.width]
    return bytes(out)


def spread(mask: bytes, box: Region, region: Region, sample: int = 1) -> bytes:
    """Rows over ``box`` laid out over ``region``, zeros elsewhere; ``sample`` bytes a pixel."""
    shared = region.intersection(box)
    out = bytearray(region.area * sample)
    if shared:
        count = shared.width * sample
        for row in range(shared.top, shared.bottom):
            start = ((row - region.top) * region.width + shared.left - region.left) * sample
            origin = ((row - box.top) * box.width + shared.left - box.left) * sample
            out[start : start + count] = mask[origin : origin + count]
    return bytes(out)


def seen_around(box: Region, canvas: Region) -> Region:
    """What a review shows around ``box``: enough to judge it in its surroundings, never beyond the canvas."""
    width, height = max(_SEEN[0], 2 * box.width), max(_SEEN[1], 2 * box.height)
    left, top = box.left - (width - box.width) // 2, box.top - (height - box.height) // 2
    return Region(left, top, width, height).shifted_inside(canvas)


def _channel_named(gimp: Backend, image: int, name: str) -> int:
    if not name:
        return 0
    for channel in gimp.channels(image):
        if gimp.item_name(channel) == name:
            return channel
    return 0


def what_changed(gimp: Backend, snapshot: Snapshot) -> dict[str, bool]:
    """What is no longer as it was: ``gone`` (the image), ``shape`` (size, mode, precision), ``layer``."""
    image = snapshot.source.image
    if not gimp.image_valid(image):
        return {"gone": True, "shape": True, "layer": True}
    same = (
        gimp.image_size(image) == snapshot.size
        and gimp.precision(image) == snapshot.precision
        and gimp.base_type(image) == snapshot.base
    )
    layer = snapshot.source.layer
    there = gimp.item_valid(layer) and tuple(gimp.box(layer)[:2]) == snapshot.offset
    return {"gone": False, "shape": not same, "layer": not there}
