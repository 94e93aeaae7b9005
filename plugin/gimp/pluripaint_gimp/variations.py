"""Candidates as layers: made, found again, thinned out. Each function that changes the document is one undo step."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from pluripaint_client import rows
from pluripaint_client.geometry import Region
from pluripaint_client.messages import CandidateReady
from pluripaint_client.runner import Settings
from pluripaint_client.texts import _

from .backend import Backend, NewLayer
from .selected import CannotFill
from .snapshot import Snapshot, what_changed

MARK = 1  # version of the notes on groups and layers


@dataclass(frozen=True)
class Set:
    """A group of variations found in a document. ``note`` is what :func:`insert` wrote about it."""

    group: int
    layers: list[int]
    note: dict[str, Any]


@contextmanager
def one_undo_step(gimp: Backend, image: int) -> Iterator[None]:
    """Everything inside is one step of the undo history; the active layers are as before afterwards."""
    before = gimp.selected_items(image)
    gimp.undo_group(image, True)
    try:
        yield
    finally:
        gimp.select_items(image, [item for item in before if gimp.item_valid(item)])
        gimp.undo_group(image, False)
        gimp.displays_flush()


def later_seed(seed: int) -> int:
    """Where the next job's seeds start: beyond every seed that a pool of this one may have drawn."""
    return (seed + 1000) % 2**31


def layer_pixels(snapshot: Snapshot, candidate: CandidateReady) -> bytes:
    """A candidate's colours with the selection as alpha, over the snapshot's box.

    Nothing is selected outside the fills: specks all over a scan take no longer than they themselves need.
    """
    way = snapshot.travel
    pixel = (way.channels + 1) * way.sample
    out = bytearray(snapshot.box.area * pixel)
    for box, fill in zip(candidate.boxes, candidate.fills):
        alpha = rows.cropped(snapshot.alpha, snapshot.box, box, way.sample)
        rows.pasted(out, snapshot.box, rows.with_alpha(fill, way.channels, alpha, way.depth), box, pixel)
    return bytes(out)


def _new_layers(
    snapshot: Snapshot, candidates: Sequence[CandidateReady], shown: Sequence[bool], origin: Region
) -> Iterator[NewLayer]:
    """One at a time: the pixels of all together may be more than there is memory."""
    for rank, (candidate, visible) in enumerate(zip(candidates, shown), 1):
        yield NewLayer(
            name=_("Variation {rank} · {method} · {seed}").format(
                rank=rank, method=candidate.method, seed=candidate.seed
            ),
            box=snapshot.box.moved(-origin.left, -origin.top),
            pixels=layer_pixels(snapshot, candidate),
            format=snapshot.travel.color_alpha,
            visible=visible,
        )


def _made(
    gimp: Backend,
    image: int,
    snapshot: Snapshot,
    candidates: Sequence[CandidateReady],
    shown: Sequence[bool],
    origin: Region,
) -> list[int]:
    """Layers that are not yet inserted, each with a note that no duplicate of it can pass for its own."""
    made = []
    for rank, (candidate, new) in enumerate(
        zip(candidates, _new_layers(snapshot, candidates, shown, origin)), 1
    ):
        layer = gimp.new_layer(image, new)
        note = {"pluripaint": MARK, "method": candidate.method, "seed": candidate.seed, "rank": rank}
        note.update(score=candidate.score, weights=candidate.weights_sha256, tattoo=gimp.tattoo(layer))
        gimp.set_parasite(layer, json.dumps(note).encode())
        made.append(layer)
    return made


def insert(
    gimp: Backend,
    snapshot: Snapshot,
    settings: Settings,
    candidates: Sequence[CandidateReady],
    kept: Sequence[bool] = (),
    above: int = 0,
) -> str:
    """Puts the candidates into the document: a group above the source, one undo step. Returns a note or ``""``.

    Args:
        candidates: best first.
        kept: which ones the person marked; none: the first is shown.
        above: an earlier group to go above, instead of the source; sets that lie on either stay below.

    Raises:
        CannotFill: the document takes no layers at the moment and was left as it is.
    """
    shown = list(kept) if any(kept) else [k == 0 for k in range(len(candidates))]
    changed = what_changed(gimp, snapshot)
    if changed.gone or changed.mode:
        return _as_new_image(gimp, snapshot, candidates, shown, changed.gone)
    image = snapshot.source.image
    if any(gimp.kind(item) == "floating" for item in gimp.selected_items(image)):
        raise CannotFill(
            _("A floating selection is active. Anchor it or make it a layer (Layer menu), then try again.")
        )
    anchor = above if gimp.item_valid(above) else snapshot.source.layer
    said, parent, position = "", 0, 0
    if changed.shape:
        said = _("The picture's size or precision changed meanwhile: the variations lie on top.")
    elif gimp.item_valid(anchor) and not (changed.layer and anchor != above):
        if not snapshot.source.visible or anchor == above:
            parent, position = gimp.parent(anchor), _above_sets(gimp, image, anchor)
    else:
        said = _("The layer was moved or removed meanwhile: the variations lie on top.")
    methods = {candidate.method for candidate in candidates}
    method = methods.pop() if len(methods) == 1 else settings.preset
    name = _("Variations · {method} · {seed}").format(method=method, seed=settings.seed)
    # Everything that may fail for lack of memory comes before the document is touched.
    made = _made(gimp, image, snapshot, candidates, shown, Region(0, 0, 0, 0))
    with one_undo_step(gimp, image):
        group = gimp.new_group(image, name)
        gimp.set_parasite(group, _note(gimp, snapshot, settings))
        gimp.insert(image, group, parent, position)
        try:
            for k, layer in enumerate(made):
                gimp.insert(image, layer, group, k)
        except Exception:
            gimp.remove(image, group)  # half a group would look like all that came
            raise
    return said


def _above_sets(gimp: Backend, image: int, anchor: int) -> int:
    """The place above an item and above the sets that lie on it: where two overlap the newer one has to be seen."""
    siblings, position = _siblings(gimp, image, anchor), gimp.position(image, anchor)
    while position > 0 and _as_set(gimp, siblings[position - 1]):
        position -= 1
    return position


def _siblings(gimp: Backend, image: int, item: int) -> list[int]:
    """What lies in the same group as an item, itself included, top to bottom."""
    parent = gimp.parent(item)
    return gimp.children(parent) if parent else gimp.layers(image)


def _note(gimp: Backend, snapshot: Snapshot, settings: Settings) -> bytes:
    layer = snapshot.source.layer
    there = gimp.item_valid(layer)
    note = {
        "pluripaint": MARK,
        "settings": asdict(settings),
        "box": list(snapshot.box),
        "source": gimp.item_name(layer) if there else "",
        "source_tattoo": gimp.tattoo(layer) if there else 0,
        "visible": snapshot.source.visible,
        "next_seed": later_seed(settings.seed),
        "made": time.time(),
    }
    return json.dumps(note).encode()


def _as_new_image(
    gimp: Backend, snapshot: Snapshot, candidates: Sequence[CandidateReady], shown: Sequence[bool], gone: bool
) -> str:
    """The document can no longer take the layers: they open as a picture of their own."""
    box = snapshot.box
    image = gimp.new_image(snapshot.base, snapshot.precision, snapshot.travel.icc, box.width, box.height)
    for layer in reversed(_made(gimp, image, snapshot, candidates, shown, box)):
        gimp.insert(image, layer, 0, 0)
    gimp.show_image(image)
    gimp.displays_flush()
    if gone:
        return _("The picture was closed meanwhile: the variations opened as a new picture.")
    return _("The picture's colour mode changed meanwhile: the variations opened as a new picture.")


def _read_note(gimp: Backend, item: int) -> dict[str, Any] | None:
    try:
        note = json.loads(gimp.parasite(item).decode() or "null")
    except ValueError:
        return None
    return note if isinstance(note, dict) and note.get("pluripaint") == MARK else None


def _as_set(gimp: Backend, item: int) -> Set | None:
    if gimp.kind(item) != "group":
        return None
    note = _read_note(gimp, item)
    if note is None or "settings" not in note:
        return None
    return Set(item, [layer for layer in gimp.children(item) if _is_ours(gimp, layer)], note)


def _is_ours(gimp: Backend, layer: int) -> bool:
    """Whether we made the layer: a duplicate that the person made of it carries the note, too, but is theirs."""
    note = _read_note(gimp, layer)
    return note is not None and note.get("tattoo") == gimp.tattoo(layer)


def find_set(gimp: Backend, image: int, items: Sequence[int]) -> Set | None:
    """The set that holds the active layer, else the newest one in the document, else ``None``."""
    for item in items:
        while item and gimp.kind(item) in ("layer", "text", "group", "other-layer"):
            found = _as_set(gimp, item)
            if found:
                return found
            item = gimp.parent(item)
    every = list(_sets(gimp, gimp.layers(image)))
    return max(every, key=lambda one: float(one.note.get("made", 0.0))) if every else None


def _sets(gimp: Backend, items: Sequence[int]) -> Iterator[Set]:
    for item in items:
        found = _as_set(gimp, item)
        if found:
            yield found
        else:
            yield from _sets(gimp, gimp.children(item))


def next_seed(gimp: Backend, image: int, found: Set) -> int:
    """Where more of a set begins: behind it and every other set of the same place and source; −1: not known."""
    same = [one.note for one in _sets(gimp, gimp.layers(image)) if _alike(one.note, found.note)]
    return max(int(note.get("next_seed", -1)) for note in [found.note, *same])


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two sets fill the same place from the same source, which a person may have renamed in between."""
    source = "source_tattoo" if one.get("source_tattoo") and other.get("source_tattoo") else "source"
    return all(one.get(key) == other.get(key) for key in ("box", "visible", source))


def source_of(gimp: Backend, image: int, found: Set) -> int:
    """The layer the set was made from, whatever it is called now and wherever it lies; 0 where nothing is left.

    Where it is gone, or the set's note does not tell its tattoo: a layer of the same name below the group, else the
    next one there that is no set.
    """
    tattoo = found.note.get("source_tattoo")
    if tattoo:
        for layer in _every(gimp, gimp.layers(image)):
            if gimp.tattoo(layer) == tattoo:
                return layer
    siblings = _siblings(gimp, image, found.group)
    below = [one for one in siblings[siblings.index(found.group) + 1 :] if not _as_set(gimp, one)]
    for layer in below:
        if gimp.item_name(layer) == found.note.get("source"):
            return layer
    return below[0] if below else 0


def _every(gimp: Backend, items: Sequence[int]) -> Iterator[int]:
    """These layers and all that lie in them."""
    for item in items:
        yield item
        yield from _every(gimp, gimp.children(item))


def show_only(gimp: Backend, image: int, found: Set, shown: Sequence[int]) -> None:
    """Makes exactly these layers of a set visible."""
    with one_undo_step(gimp, image):
        for layer in found.layers:
            if gimp.visible(layer) != (layer in shown):
                gimp.set_visible(layer, layer in shown)


def keep_visible(gimp: Backend, image: int, found: Set) -> str:
    """Removes a set's hidden layers; a group with one layer left is dissolved, unless the person made something of the
    group that its layer would be seen without. Returns a sentence if refused.
    """
    hidden = [layer for layer in found.layers if not gimp.visible(layer)]
    kept = [layer for layer in found.layers if gimp.visible(layer)]
    if not kept:
        return _("All variations of this group are hidden. Make the ones to keep visible, then try again.")
    plain = gimp.visible(found.group) and not gimp.plain_reasons(found.group)
    alone = plain and len(gimp.children(found.group)) - len(hidden) == 1
    if not hidden and not alone:
        return _("None of the variations is hidden: there is nothing to discard.")
    with one_undo_step(gimp, image):
        for layer in hidden:
            gimp.remove(image, layer)
        if alone:
            parent, position = gimp.parent(found.group), gimp.position(image, found.group)
            gimp.reorder(image, kept[0], parent, position)
            gimp.remove(image, found.group)
    return ""
