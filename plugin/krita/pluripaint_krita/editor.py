"""Krita as the docker sees it: the few things its logic needs, so that a stand-in can take Krita's place."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any, Tuple

from pluripaint_client import CandidateReady, Region, RegionData, rows
from pluripaint_client.runner import Settings
from pluripaint_client.texts import _

from . import active, colour, document, keep, layers, pictures, sets
from .document import NoSelection, Refusal
from .layers import InsertError
from .review import Variation
from .run import MOST_DRAWN_PER_SHOWN, Run, Snapshot

_GROUP, _NAME = "pluripaint", "settings"

Drawn = Sequence[Tuple[Any, sets.Seeds]]
"""Documents and seeds that were drawn for them."""


class KritaEditor:
    """The only object that the docker asks about Krita."""

    def __init__(self, app: Any) -> None:
        self._app = app

    # -------------------------------------------------------------------------------------------- settings

    def load_settings(self) -> Settings:
        """What was set last."""
        try:
            stored = json.loads(self._app.readSetting(_GROUP, _NAME, ""))
        except ValueError:
            stored = {}
        return Settings().changed(stored if isinstance(stored, dict) else {})

    def save_settings(self, settings: Settings) -> None:
        """Remember for the next time Krita runs."""
        self._app.writeSetting(_GROUP, _NAME, json.dumps(asdict(settings)))

    def masks(self) -> list[tuple[str, str]]:
        """Saved selections of the active document: (unique id, name)."""
        current = self._app.activeDocument()
        if current is None:
            return []
        return [(node.uniqueId().toString(), node.name()) for node in active.selection_masks(current)]

    def context(self, settings: Settings) -> tuple[Any, tuple[int, int], list[Region], list[Region]] | None:
        """For the drawing of the context: a small picture of the document, its size, islands and regions.

        Raises:
            Refusal: the selection is too large.
        """
        current = self._app.activeDocument()
        if current is None:
            return None
        islands, regions = document.preview_plan(current, settings)
        if not islands:
            return None
        return current.thumbnail(360, 240), (current.width(), current.height()), islands, regions

    # -------------------------------------------------------------------------------------------- runs

    def snapshot(self, settings: Settings, fill_transparent: bool = False) -> Snapshot:
        """See :func:`document.snapshot`."""
        try:
            return document.snapshot(self._app, settings, fill_transparent)
        except colour.ColourError as error:
            raise Refusal(str(error)) from None

    def stage(self, run: Run) -> pictures.Stage:
        """The surroundings, for the review."""
        taken = run.snapshot
        how = colour.wire(self._app, taken.space)
        pixel = taken.request.channels * rows.SAMPLE_BYTES[how.depth]
        stage = pictures.Stage([part.region for part in taken.request.regions])
        for part in taken.request.regions:
            if not stage.region.contains(part.region):
                continue
            for strip in colour.strips(part.region, colour.shown_by_krita(taken.space, how)):
                sent = rows.cropped(part.pixels, part.region, strip, pixel)
                size = (strip.width, strip.height)
                shown = colour.on_screen(self._app, sent, size, taken.space, how)
                stage.add((strip, pictures.image(shown, *size)))
        return stage

    def patches(self, run: Run, variation: Variation) -> list[pictures.Patch]:
        """A candidate, for the review."""
        taken = run.snapshot
        how = colour.wire(self._app, taken.space)
        made = []
        for box, fill in zip(variation.candidate.boxes, variation.candidate.fills):
            size = (box.width, box.height)
            shown = colour.on_screen(self._app, colour.opaque(fill, how), size, taken.space, how)
            made.append(pictures.patch(shown, box, taken.selection_over(box)))
        return made

    def insert(self, run: Run, variations: Sequence[Variation]) -> str:
        """See :func:`layers.insert`.

        Raises:
            InsertError: nothing was changed.
        """
        try:
            return layers.insert(self._app, run, variations)
        except colour.ColourError as error:
            raise InsertError(str(error)) from None

    # -------------------------------------------------------------------------------------------- sets

    def more(self, drawn: Drawn = ()) -> tuple[Snapshot, Settings, sets.Record]:
        """What *Generate More* starts from: the place and settings of a set in the document, next seeds.

        Args:
            drawn: what is not, or not yet, in the document.

        Raises:
            Refusal: there is no set, or its place cannot be found any more.
        """
        current, record = self._set()
        taken = self._taken_again(current, record)
        seed = self._unused(current, record.next_seed, record.settings.variations, drawn)
        return taken, replace(record.settings, seed=seed), record

    def go_on(self, run: Run, drawn: Drawn = ()) -> None:
        """Further variations of a set picked again begin behind all that its document has meanwhile."""
        target = run.snapshot.target
        if layers.is_open(self._app, target):
            run.next_seed = self._unused(target, run.next_seed, run.settings.variations, drawn)

    def pick(self) -> tuple[Snapshot, sets.Record, list[tuple[CandidateReady, bool]]]:
        """A set's layers as candidates, best first, each with whether it is visible.

        Raises:
            Refusal: there is no set in the document.
        """
        current, record = self._set()
        taken = self._taken_again(current, record)
        how = colour.wire(self._app, taken.space)
        known = {layer["id"]: layer for layer in record.layers}
        found = []
        for node in reversed(sets.own_layers(current, record)):
            entry = known[node.uniqueId().toString()]
            boxes, fills = [], []
            for part in taken.request.regions:
                box = _box_of(part)
                pixels = bytes(node.pixelData(*box))
                sent = colour.to_wire(
                    self._app, pixels, (box.width, box.height), document.space_of(node), how
                )
                fills.append(colour.colour_only(sent, how))
                boxes.append(box)
            candidate = CandidateReady(
                "",
                int(entry.get("seed", 0)),
                str(entry.get("method", "")),
                float(entry.get("score", 0.0)),
                str(entry.get("sha256", "")),
                fills,
                boxes,
            )
            found.append((candidate, bool(node.visible())))
        return taken, record, found

    def show_only(self, run: Run, record: sets.Record, seeds: Sequence[tuple[str, int]]) -> str:
        """Make these layers of a set visible and hide its others; no undo entry, and no other layer is touched."""
        current = run.snapshot.target
        if not layers.is_open(self._app, current):
            return _("The picture was closed.")
        known = {layer["id"]: (layer.get("method"), layer.get("seed")) for layer in record.layers}
        for node in sets.own_layers(current, record):
            node.setVisible(known[node.uniqueId().toString()] in seeds)
        current.refreshProjection()
        return ""

    def keep_visible(self, say: Callable[[str], None]) -> None:
        """See :func:`keep.keep_visible`."""
        keep.keep_visible(self._app, say)

    # -------------------------------------------------------------------------------------------- details

    def _set(self) -> tuple[Any, sets.Record]:
        current = self._app.activeDocument()
        record = sets.meant(current) if current is not None else None
        if current is None or record is None or not sets.own_layers(current, record):
            raise Refusal(_("There is no set of variations in this picture."))
        return current, record

    @staticmethod
    def _unused(current: Any, start: int, variations: int, drawn: Drawn) -> int:
        """A set knows only its own seeds, and another may have been made from it."""
        used = [record.seeds for record in sets.all_records(current)]
        used += [seeds for target, seeds in drawn if target == current]
        return sets.unused_seed(start, MOST_DRAWN_PER_SHOWN * variations, used)

    def _taken_again(self, current: Any, record: sets.Record) -> Snapshot:
        """A snapshot of the place where a set lies; the selection is a candidate's own alpha."""
        layer = sets.own_layers(current, record)[0]
        bounds = layer.bounds()
        box = Region(bounds.x(), bounds.y(), bounds.width(), bounds.height())
        inside = box.intersection(Region(0, 0, current.width(), current.height()))
        if inside is None:
            raise Refusal(_("The variations lie outside the picture."))
        space = document.space_of(layer)
        mask = colour.alpha_mask(bytes(layer.pixelData(*inside)), space)
        chosen = active.source_again(current, record.source)
        settings = replace(record.settings, grow=0, feather=0)
        again = document.of_selection(self._app, current, settings, chosen, (inside, mask))
        return replace(again, above_id=record.group)


def _box_of(part: RegionData) -> Region:
    """The selection's own box within a region."""
    from pluripaint_client import geometry

    tight = geometry.bounds(part.selection, part.region.width, part.region.height)
    assert tight is not None
    return tight.moved(part.region.left, part.region.top)


__all__ = ["InsertError", "KritaEditor", "NoSelection", "Refusal"]
