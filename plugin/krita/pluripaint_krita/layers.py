"""A set of variations becomes a group of layers: one undo entry, or nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pluripaint_client import Region
from pluripaint_client.texts import _

from . import active, colour, sets
from .qt import QtCore
from .review import Variation
from .run import Run, Snapshot


class InsertError(Exception):
    """The document could not be changed and was left as it is; the text is a sentence."""


class Piece(NamedTuple):
    """Pixels of one box of a layer, in the layer's own space."""

    box: Region
    pixels: bytes


class NewLayer(NamedTuple):
    """A layer to be made."""

    name: str
    pieces: Sequence[Piece]
    visible: bool


def insert(app: Any, run: Run, variations: Sequence[Variation]) -> str:
    """Put candidates into the document the run was asked for, or into a new one where that is gone.

    All pixels are computed before the document is touched.

    Returns:
        A sentence if something is not as it was asked for, else empty.

    Raises:
        InsertError: nothing was changed.
    """
    taken = run.snapshot
    document, above, note = _place(app, taken)
    space = _layer_space(document, taken)
    shown = [variation for variation in run.review.visible() if variation in variations] or list(
        variations[:1]
    )
    new = [
        NewLayer(_layer_name(rank, variation), _pieces(app, taken, variation, space), variation in shown)
        for rank, variation in enumerate(variations, 1)
    ]
    # The last child of a Krita group is its topmost: the best one goes there.
    group = add_group(app, document, above, _group_name(run), list(reversed(new)), space)
    _remember(document, group, run, list(reversed(list(variations))))
    return note


def add_group(
    app: Any, document: Any, above: Any | None, title: str, new: Sequence[NewLayer], space: colour.Space
) -> Any:
    """The whole group in ONE undo entry.

    ``addChildNode`` makes an entry each time, so the group is filled in a document that nobody sees, and its
    duplicate (children come along) is added to the real one once.
    """
    own = (document.colorModel(), document.colorDepth(), document.colorProfile())
    scratch = app.createDocument(1, 1, "pluripaint", *own, 72.0)
    if scratch is None:
        raise InsertError(_("Krita could not make the layers."))
    try:
        scratch.setBatchmode(True)
        group = scratch.createGroupLayer(title)
        scratch.rootNode().addChildNode(group, None)
        for layer in new:
            node = scratch.createNode(layer.name, "paintlayer")
            if space != own:
                node.setColorSpace(*space)
            for box, pixels in layer.pieces:
                node.setPixelData(QtCore.QByteArray(pixels), *box)
            node.setVisible(layer.visible)
            group.addChildNode(node, None)
        scratch.waitForDone()
        copy = group.duplicate()
        before = document.activeNode()
        parent = above.parentNode() if above is not None else document.rootNode()
        document.waitForDone()
        if not parent.addChildNode(copy, above if above is not None else _topmost(document)):
            raise InsertError(_("Krita did not take the layers; nothing was changed."))
        document.waitForDone()
        # Without it the canvas does not show the group; it is no undo entry.
        document.refreshProjection()
        make_active_again(document, before)
        return copy
    finally:
        scratch.close()


def is_open(app: Any, document: Any) -> bool:
    """Whether a document has not been closed."""
    return document.rootNode() is not None and any(document == other for other in app.documents())


def make_active_again(document: Any, node: Any | None) -> None:
    """Krita makes what was added current once the event loop turns: the person's own layer stays the active one."""
    if node is None:
        return

    def again() -> None:
        if document.rootNode() is not None:
            document.setActiveNode(node)

    for milliseconds in (0, 150):
        QtCore.QTimer.singleShot(milliseconds, again)


# ------------------------------------------------------------------------------------------------ details


def _place(app: Any, taken: Snapshot) -> tuple[Any, Any | None, str]:
    """The document, the layer to go above (``None``: on top), and a sentence if that is not what was asked."""
    document = taken.target
    if not is_open(app, document):
        return (
            _new_document(app, taken),
            None,
            _("The picture was closed: the variations are a new document."),
        )
    if (document.width(), document.height()) != taken.size:
        return document, None, _("The picture's size has changed: the variations lie on top of all layers.")
    if not taken.above_id:
        return document, None, ""
    above = active.find(document, taken.above_id)
    if above is None:
        return document, None, _("The layer is gone: the variations lie on top of all layers.")
    if taken.source_at is not None and active.place(above) != taken.source_at:
        return (
            document,
            None,
            _("The layer was moved: the variations lie on top of all layers, where it was."),
        )
    return document, _topmost_set(document, above), ""


def _topmost_set(document: Any, node: Any) -> Any:
    """The uppermost of the sets that lie right on a node, else the node.

    Where two sets overlap the newer one has to be seen.
    """
    groups = {record.group for record in sets.all_records(document)}
    siblings = node.parentNode().childNodes()
    identities = [one.uniqueId().toString() for one in siblings]
    place = identities.index(node.uniqueId().toString())
    while place + 1 < len(siblings) and identities[place + 1] in groups:
        place += 1
    return siblings[place]


def _new_document(app: Any, taken: Snapshot) -> Any:
    document = app.createDocument(*taken.size, taken.title, *taken.space, 72.0)
    window = app.activeWindow()
    if document is None or window is None:
        raise InsertError(_("The picture was closed, and Krita could not make a new one."))
    window.addView(document)
    return document


def _layer_space(document: Any, taken: Snapshot) -> colour.Space:
    """The source layer's space as it is now, whatever it was; without one, the document's."""
    thing = active.find(document, taken.source_id) or document
    return (thing.colorModel(), thing.colorDepth(), thing.colorProfile())


def _pieces(app: Any, taken: Snapshot, variation: Variation, space: colour.Space) -> list[Piece]:
    how = colour.wire(app, taken.space)
    pieces = []
    for box, fill in zip(variation.candidate.boxes, variation.candidate.fills):
        size = (box.width, box.height)
        pixels = colour.from_wire(app, fill, taken.selection_over(box), size, taken.space, how)
        pieces.append(Piece(box, colour.converted(app, pixels, size, taken.space, space)))
    return pieces


def _group_name(run: Run) -> str:
    return _("Variations · {method} · {seed}").format(
        method=run.method or run.settings.method, seed=run.settings.seed
    )


def _layer_name(rank: int, variation: Variation) -> str:
    return _("{rank} · seed {seed}").format(rank=rank, seed=variation.seed)


def _topmost(document: Any) -> Any | None:
    """The topmost layer: a selection of the whole image is a child of the root, too, and no layer."""
    layers = [node for node in document.rootNode().childNodes() if active.climb(node) is not None]
    return layers[-1] if layers else None


def _remember(document: Any, group: Any, run: Run, variations: Sequence[Variation]) -> None:
    layers = [
        {
            "id": node.uniqueId().toString(),
            "seed": variation.seed,
            "method": variation.candidate.method,
            "score": variation.candidate.score,
            "sha256": variation.candidate.weights_sha256,
        }
        for node, variation in zip(group.childNodes(), variations)
    ]
    sets.Record(
        group=group.uniqueId().toString(),
        settings=run.settings,
        source=run.snapshot.source_id,
        method=run.method,
        next_seed=run.next_seed,
        layers=layers,
    ).write(document)
