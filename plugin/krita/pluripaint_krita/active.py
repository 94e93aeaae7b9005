"""What is active in Krita, and what follows for a run: one layer's own pixels, or all that is visible."""

from __future__ import annotations

from typing import Any, NamedTuple

from pluripaint_client.texts import _

_LAYERS = ("paintlayer", "grouplayer", "filelayer", "filterlayer", "filllayer", "clonelayer", "vectorlayer")
_MASKS = ("transparencymask", "filtermask", "transformmask", "colorizemask")


class Source(NamedTuple):
    """Where the pixels come from.

    Attributes:
        layer: above which the result goes; ``None``: on top of the stack.
        all_visible: the picture as it is seen, instead of the layer's own pixels.
        note: why it is *all visible* although the layer was asked for; empty otherwise.
    """

    layer: Any | None
    all_visible: bool
    note: str


def source(document: Any, nodes: list[Any], want_all_visible: bool) -> Source:
    """Decide by the rules of the house.

    Args:
        nodes: what is selected in the Layers docker; may be empty.
    """
    layer = climb(document.activeNode())
    if want_all_visible:
        return Source(None, True, "")
    if layer is None:
        return _instead(_("no layer is active"))
    layers = {_identity(climb(node)) for node in nodes if climb(node) is not None}
    reason = _("several layers are selected") if len(layers) > 1 else why_not_alone(layer)
    return _instead(reason) if reason else Source(layer, False, "")


def source_again(document: Any, identity: str) -> Source:
    """For a set made earlier. ``identity``: of the layer it was made from; empty: of all that is visible."""
    if not identity:
        return Source(None, True, "")
    layer = find(document, identity)
    reason = why_not_alone(layer) if layer is not None else _("the layer that the set was made from is gone")
    return _instead(reason) if reason else Source(layer, False, "")


def nothing_around(layer: Any) -> Source:
    """For a layer that has pixels, but none near what is selected."""
    return _instead(_("“{name}” has nothing around the selection").format(name=layer.name()))


def _instead(reason: str) -> Source:
    return Source(None, True, _("Working on all that is visible: {reason}.").format(reason=reason))


def climb(node: Any | None) -> Any | None:
    """The layer a mask belongs to; a layer is its own. ``None`` for the root and for a selection of the whole image."""
    while node is not None and node.type() not in _LAYERS:
        node = node.parentNode()
    if node is None or node.parentNode() is None:
        return None
    return node


def why_not_alone(layer: Any) -> str:
    """Why a layer's own pixels are not what the person sees; empty where they are."""
    kind, name = layer.type(), layer.name()
    if kind != "paintlayer":
        words = {
            "grouplayer": _("“{name}” is a group"),
            "filelayer": _("“{name}” is a file layer"),
            "filterlayer": _("“{name}” is a filter layer"),
            "filllayer": _("“{name}” is a fill layer"),
            "clonelayer": _("“{name}” is a clone of another layer"),
            "vectorlayer": _("“{name}” is a vector layer"),
        }
        return words[kind].format(name=name)
    if not layer.visible():
        return _("“{name}” is hidden").format(name=name)
    bounds = layer.bounds()
    if bounds.width() <= 0 or bounds.height() <= 0:
        return _("“{name}” is empty").format(name=name)
    if layer.blendingMode() != "normal":
        return _("“{name}” has another blend mode than normal").format(name=name)
    if layer.opacity() < 255:
        return _("“{name}” is partly transparent").format(name=name)
    if layer.inheritAlpha():
        return _("“{name}” takes its transparency from the layers below").format(name=name)
    if any(child.type() in _MASKS and child.visible() for child in layer.childNodes()):
        return _("“{name}” has a mask").format(name=name)
    if layer.layerStyleToAsl():
        return _("“{name}” has a layer style").format(name=name)
    parent = layer.parentNode()
    while parent is not None and parent.parentNode() is not None:
        if not parent.visible():
            return _("“{name}” lies in a hidden group").format(name=name)
        parent = parent.parentNode()
    return ""


def place(layer: Any) -> tuple[int, int]:
    """Where a layer's pixels lie: what moving it changes."""
    position = layer.position()
    return position.x(), position.y()


def _identity(node: Any) -> str:
    return node.uniqueId().toString()


def find(document: Any, identity: str) -> Any | None:
    """The node with a unique id, anywhere in the document; ``None`` where it is gone."""
    root = document.rootNode()
    if root is None or not identity:
        return None
    waiting = list(root.childNodes())
    while waiting:
        node = waiting.pop()
        if _identity(node) == identity:
            return node
        waiting.extend(node.childNodes())
    return None


def selection_masks(document: Any) -> list[Any]:
    """Saved selections: selection masks anywhere in the document except the one that is the selection right now."""
    root = document.rootNode()
    found: list[Any] = []
    waiting = [(node, False) for node in reversed(root.childNodes())] if root is not None else []
    while waiting:
        node, inside = waiting.pop()
        if node.type() == "selectionmask" and (inside or not node.visible()):
            found.append(node)
        waiting.extend((child, True) for child in reversed(node.childNodes()))
    return found
