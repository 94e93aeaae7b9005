"""What a job is made of, read once before it starts: afterwards the person may do anything."""

from __future__ import annotations

from dataclasses import dataclass

from pluripaint_client import geometry, job_regions, rows
from pluripaint_client.geometry import Region
from pluripaint_client.messages import JobRequest, RegionData
from pluripaint_client.runner import Settings
from pluripaint_client.texts import _

from .backend import Backend
from .formats import Travel, split_alpha, travel
from .selected import CannotFill, Selected, effective, of_mask, quick_mask, spread

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
    "empty": _("the active layer has nothing around the selection"),
    "quick-mask": _("the Quick Mask hides which layer is active"),
}


_SEEN = (1000, 600)  # pixels, the size of the large picture in the review


class _NothingKnown(CannotFill):
    """No pixel exists around the selection."""


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
    mask = quick_mask(gimp, image)
    items = [
        gimp.layer_of_mask(item) if gimp.kind(item) == "mask" else item for item in items if item != mask
    ]
    kinds = {gimp.kind(item) for item in items}
    if kinds & {"channel", "other"}:
        raise CannotFill(
            _("A channel is active. Click the layer to work on in the Layers list, then try again.")
        )
    if "floating" in kinds:
        raise CannotFill(
            _("A floating selection is active. Anchor it or make it a layer (Layer menu), then try again.")
        )
    top = gimp.layers(image)
    if not top:
        raise CannotFill(_("This picture has no layer to fill."))
    layer = items[0] if items else top[0]
    if wanted == "visible":
        return Source(image, layer, True)
    if mask and not items and len(top) > 1:
        return _all_visible(image, layer, "quick-mask")
    reason = _why_visible(gimp, layer, items)
    return _all_visible(image, layer, reason) if reason else Source(image, layer, False)


def _all_visible(image: int, layer: int, reason: str) -> Source:
    note = _("Working on all that is visible, because {reason}.").format(reason=_REASONS[reason])
    return Source(image, layer, True, note)


def _why_visible(gimp: Backend, layer: int, items: list[int]) -> str:
    """A key of :data:`_REASONS`; empty where the layer's own pixels are what is seen."""
    kind = gimp.kind(layer)
    if len(items) > 1:
        return "several"
    if kind != "layer":
        return kind
    if not _seen(gimp, layer):
        return "hidden"
    reasons = gimp.plain_reasons(layer)
    return reasons[0] if reasons else ""


def _seen(gimp: Backend, item: int) -> bool:
    while item:
        if not gimp.visible(item):
            return False
        item = gimp.parent(item)
    return True


def take(
    gimp: Backend,
    source: Source,
    settings: Settings,
    selection: tuple[Region, bytes] | None = None,
    transparent: bool = False,
) -> Snapshot:
    """Reads everything for one job.

    Args:
        selection: box and 8-bit coverage instead of the image's selection.
        transparent: with nothing selected, fill what is transparent.

    Raises:
        CannotFill: no selection (:class:`NothingSelected`), nothing around it, or too large.
    """
    try:
        return _take(gimp, source, settings, selection, transparent)
    except _NothingKnown:
        if source.visible:
            raise
    return _take(gimp, _all_visible(source.image, source.layer, "empty"), settings, selection, transparent)


def _take(
    gimp: Backend,
    source: Source,
    settings: Settings,
    selection: tuple[Region, bytes] | None,
    transparent: bool,
) -> Snapshot:
    gimp.start_pixels()
    image = source.image
    canvas = Region(0, 0, *gimp.image_size(image))
    layer = gimp.seen(image) if source.visible else source.layer
    try:
        way = travel(gimp, layer)
        chosen = (
            of_mask(gimp, *selection, canvas, way)
            if selection
            else effective(gimp, image, layer, way, settings, transparent)
        )
        regions = _regions(gimp, source, layer, way, canvas, chosen, settings)
        view = seen_around(chosen.box, canvas)
        offset = gimp.box(layer)
        pixels = gimp.read(layer, view.moved(-offset.left, -offset.top), "R'G'B' u8")
    except (job_regions.TooLarge, job_regions.Empty) as error:
        raise CannotFill(str(error)) from None
    finally:
        if source.visible:
            gimp.delete_item(layer)
    place = gimp.box(source.layer)
    return Snapshot(
        source=source,
        box=chosen.box,
        alpha=chosen.alpha,
        regions=tuple(regions),
        travel=way,
        view=view,
        view_pixels=pixels,
        size=(canvas.width, canvas.height),
        precision=gimp.precision(image),
        base=gimp.base_type(image),
        offset=(place.left, place.top),
    )


def _regions(
    gimp: Backend,
    source: Source,
    layer: int,
    way: Travel,
    canvas: Region,
    chosen: Selected,
    settings: Settings,
) -> list[RegionData]:
    box, mask = chosen.box, chosen.mask
    rules = job_regions.RULES._replace(context=settings.context)
    parts = geometry.islands(mask, box.width, box.height)
    if not parts:
        raise CannotFill(
            _("Nothing is selected strongly enough. Select what is to be replaced, then try again.")
        )
    cut = job_regions.cluster([part.moved(box.left, box.top) for part in parts], canvas, rules)
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
            raise _NothingKnown(
                _(
                    "There is nothing around the selection to learn from. Choose all visible, or another layer."
                )
            )
    return regions


def _any_known(part: RegionData) -> bool:
    """Whether a pixel exists outside the selection."""
    if part.valid is None:
        return b"\0" in part.selection
    return rows.multiplied(part.selection.translate(_NOT_SELECTED), part.valid).strip(b"\0") != b""


_NOT_SELECTED = bytes([255] + [0] * 255)


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


@dataclass(frozen=True)
class Changed:
    """What is no longer as the snapshot has it."""

    gone: bool = False  # the picture
    mode: bool = False  # RGB, gray, indexed
    shape: bool = False  # size, or depth and curve
    layer: bool = False  # moved or removed


def what_changed(gimp: Backend, snapshot: Snapshot) -> Changed:
    """Compares the document with what was there when the job began."""
    image = snapshot.source.image
    if not gimp.image_valid(image):
        return Changed(gone=True)
    layer = snapshot.source.layer
    return Changed(
        mode=gimp.base_type(image) != snapshot.base,
        shape=gimp.image_size(image) != snapshot.size or gimp.precision(image) != snapshot.precision,
        layer=not (gimp.item_valid(layer) and tuple(gimp.box(layer)[:2]) == snapshot.offset),
    )
