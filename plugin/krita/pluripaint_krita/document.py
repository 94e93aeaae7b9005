"""From a Krita document to a job's snapshot: region, pixels at native depth, selection, what may not be copied."""

from __future__ import annotations

from typing import Any, Tuple

from pluripaint_client import JobRequest, Region, RegionData, geometry, job_regions, rows
from pluripaint_client.runner import Settings
from pluripaint_client.texts import _

from . import active, colour
from .run import Snapshot


class Refusal(Exception):
    """Nothing can be done here; the text is a sentence for the person."""


class _NothingKnown(Refusal):
    """No pixel exists around the selection."""


class NoSelection(Refusal):
    """Nothing is selected. ``transparent``: there are transparent pixels that could be filled instead."""

    def __init__(self, sentence: str, transparent: bool) -> None:
        super().__init__(sentence)
        self.transparent = transparent


Selected = Tuple[Region, bytes]
"""A rectangle in the document and its mask, 0…255."""


def snapshot(app: Any, settings: Settings, fill_transparent: bool = False) -> Snapshot:
    """Take what a run needs from the active document.

    Raises:
        Refusal: no document, nothing selected, or a colour model that is not worked on.
    """
    document = app.activeDocument()
    if document is None:
        raise Refusal(_("Open a picture and select what is to be replaced."))
    window = app.activeWindow()
    view = window.activeView() if window is not None else None
    nodes = list(view.selectedNodes()) if view is not None else []
    chosen = active.source(document, nodes, settings.source == "visible")
    space = space_of(document if chosen.all_visible else chosen.layer)
    selected = _selected(document, settings)
    if selected is None:
        if not fill_transparent:
            raise _nothing_selected(document, chosen, space)
        selected = _transparent(document, chosen, space)
        if selected is None:
            raise _nothing_selected(document, chosen, space)
    return of_selection(app, document, settings, chosen, selected)


def of_selection(
    app: Any, document: Any, settings: Settings, chosen: active.Source, selected: Selected
) -> Snapshot:
    """A snapshot for a selection that is already known; of all that is visible where the layer has nothing around it.

    Raises:
        Refusal: too large, or nothing is left to take the fill from.
    """
    try:
        return _of_source(app, document, settings, chosen, selected)
    except _NothingKnown:
        if chosen.all_visible:
            raise
    return _of_source(app, document, settings, active.nothing_around(chosen.layer), selected)


def _of_source(
    app: Any, document: Any, settings: Settings, chosen: active.Source, selected: Selected
) -> Snapshot:
    space = space_of(document if chosen.all_visible else chosen.layer)
    canvas = Region(0, 0, document.width(), document.height())
    regions = plan(selected, canvas, settings.context)
    how = colour.wire(app, space)
    exclude = active.find(document, settings.exclude)
    parts = []
    for region in regions:
        mask = _mask_over(selected, region)
        pixels, known = _read(app, document, chosen, region, mask, space, how)
        if not known:
            raise _NothingKnown(_why_nothing_known(selected, canvas))
        parts.append(RegionData(region, pixels, mask, None, _excluded(exclude, region)))
    layer = chosen.layer
    identity = layer.uniqueId().toString() if layer is not None else ""
    return Snapshot(
        target=document,
        title=_title(document),
        source_id=identity,
        above_id=identity,
        request=JobRequest(parts, depth=how.depth, channels=how.channels, space=how.space),
        space=space,
        size=(canvas.width, canvas.height),
        source_at=active.place(layer) if layer is not None else None,
        note=chosen.note,
    )


def plan(selected: Selected, canvas: Region, context: float) -> list[Region]:
    """The regions of a job.

    Raises:
        Refusal: in the words of ``job_regions``.
    """
    box, mask = selected
    rules = job_regions.RULES._replace(context=context)
    try:
        islands = geometry.islands(mask, box.width, box.height)
        if not islands:
            raise Refusal(_("Nothing is selected; select what is to be replaced."))
        return job_regions.cluster([part.moved(box.left, box.top) for part in islands], canvas, rules)
    except job_regions.TooLarge as error:
        raise Refusal(str(error)) from None


def space_of(thing: Any) -> colour.Space:
    """The colour space of a document or layer.

    Raises:
        Refusal: a model or depth that is not worked on; says what to convert to.
    """
    space = (thing.colorModel(), thing.colorDepth(), thing.colorProfile())
    if not colour.is_known(space):
        raise Refusal(
            _(
                "Variations are made in RGB or grayscale, and this picture is {model}. "
                "Convert it with Image → Convert Image Color Space… to RGB/Alpha."
            ).format(model=space[0])
        )
    return space


def effective_selection(document: Any, settings: Settings) -> Any | None:
    """Krita's selection, grown and feathered where the person asked for it; a copy, so theirs is never touched."""
    selection = document.selection()
    if selection is None or selection.width() <= 0 or selection.height() <= 0:
        return None
    if settings.grow or settings.feather:
        selection = selection.duplicate()
        if settings.grow > 0:
            selection.grow(settings.grow, settings.grow)
        elif settings.grow < 0:
            selection.shrink(-settings.grow, -settings.grow, False)
        if settings.feather:
            selection.feather(round(settings.feather))
    return selection


def preview_plan(document: Any, settings: Settings) -> tuple[list[Region], list[Region]]:
    """For the drawing of the context: the selection's islands and the regions around them.

    Raises:
        Refusal: as :func:`plan`.
    """
    selected = _selected(document, settings)
    if selected is None:
        return [], []
    box, mask = selected
    islands = geometry.islands(mask, box.width, box.height)
    canvas = Region(0, 0, document.width(), document.height())
    return [part.moved(box.left, box.top) for part in islands], plan(selected, canvas, settings.context)


# ------------------------------------------------------------------------------------------------ details


def _selected(document: Any, settings: Settings) -> Selected | None:
    selection = effective_selection(document, settings)
    if selection is None:
        return None
    bounds = Region(selection.x(), selection.y(), selection.width(), selection.height())
    box = bounds.intersection(Region(0, 0, document.width(), document.height()))
    if box is None:
        return None
    mask = bytes(selection.pixelData(*box))
    tight = geometry.bounds(mask, box.width, box.height)
    if tight is None:
        return None
    inner = tight.moved(box.left, box.top)
    return inner, rows.cropped(mask, box, inner, 1)


def _pixels(document: Any, chosen: active.Source, region: Region) -> bytes:
    if chosen.all_visible:
        return bytes(document.pixelData(*region))
    return bytes(chosen.layer.pixelData(*region))


def _read(
    app: Any,
    document: Any,
    chosen: active.Source,
    region: Region,
    mask: bytes,
    space: colour.Space,
    how: colour.Wire,
) -> tuple[bytes, bool]:
    """A region's pixels as they go to the daemon, and whether any of them exists and is not selected."""
    parts, known = [], False
    for strip in colour.strips(region, how.converted):
        pixels = _pixels(document, chosen, strip)
        known = known or _anything_known(pixels, rows.cropped(mask, region, strip, 1), space)
        parts.append(colour.to_wire(app, pixels, (strip.width, strip.height), space, how))
    return b"".join(parts), known


def _mask_over(selected: Selected, region: Region) -> bytes:
    """The selection over a region: zero outside the selection's own box."""
    box, mask = selected
    shared = box.intersection(region)
    out = bytearray(region.area)
    if shared is not None:
        rows.pasted(out, region, rows.cropped(mask, box, shared, 1), shared, 1)
    return bytes(out)


def _excluded(node: Any | None, region: Region) -> bytes | None:
    selection = node.selection() if node is not None else None
    if selection is None:
        return None
    return bytes(selection.pixelData(*region))


def _anything_known(pixels: bytes, mask: bytes, space: colour.Space) -> bool:
    """Whether there is a pixel that exists and is not selected."""
    free = mask.translate(_NOT_SELECTED)
    return rows.multiplied(free, _existing(pixels, space)).strip(b"\0") != b""


def _why_nothing_known(selected: Selected, canvas: Region) -> str:
    box, mask = selected
    if box == canvas and b"\0" not in mask:
        return _("Nothing would be left to take the fill from; select less than the whole picture.")
    return _(
        "There is nothing around the selection to take the fill from. "
        "Select a part that has some of the picture around it."
    )


_NOT_SELECTED = bytes([255] + [0] * 255)


def _existing(pixels: bytes, space: colour.Space) -> bytes:
    depth = colour.DEPTHS[space[1]]
    return rows.samples_mask(rows.planes(pixels, colour.CHANNELS[space[0]], depth)[-1], depth)


def _nothing_selected(document: Any, chosen: active.Source, space: colour.Space) -> NoSelection:
    if _transparent(document, chosen, space) is not None:
        return NoSelection(
            _("Nothing is selected. The picture has transparent parts: they can be filled instead."), True
        )
    return NoSelection(_("Nothing is selected; select what is to be replaced."), False)


def _transparent(document: Any, chosen: active.Source, space: colour.Space) -> Selected | None:
    """The pixels of the canvas that are not opaque, wholly selected; read in bands, so that memory stays small."""
    width, height = document.width(), document.height()
    band = max(1, (4 << 20) // max(1, width))
    masks = []
    for top in range(0, height, band):
        region = Region(0, top, width, min(band, height - top))
        alpha = colour.alpha_mask(_pixels(document, chosen, region), space)
        masks.append(rows.where_not_full(alpha))
    mask = b"".join(masks)
    tight = geometry.bounds(mask, width, height)
    if tight is None or tight.area == 0 or not mask.strip(b"\xff"):
        return None
    return tight, rows.cropped(mask, Region(0, 0, width, height), tight, 1)


def _title(document: Any) -> str:
    from pathlib import PurePath

    return PurePath(document.fileName()).name or document.name() or _("untitled")
