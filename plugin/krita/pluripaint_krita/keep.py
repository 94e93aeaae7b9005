"""*Keep Visible, Discard the Rest*: one undo entry, and never a layer that is not the set's own.

Krita's scripting removes nothing undoably in one entry, so Krita's own action does it, on what is selected in the
Layers docker. What is selected there is compared by unique id with what is meant; any difference ends it.
"""

from __future__ import annotations

from typing import Any, Callable

from pluripaint_client.texts import _, ngettext

from . import active, layers, sets
from .qt import QtCore, QtWidgets

Say = Callable[[str], None]

_WAIT_MILLISECONDS = 60
_TRIES = 25

_at_work: list[Any] = []
"""Removals that wait for the event loop; Qt's timers alone do not keep them alive."""


def keep_visible(app: Any, say: Say) -> None:
    """Remove the hidden layers of the set that is meant; dissolve its group if one is left. ``say`` is told how it
    went, once."""
    document = app.activeDocument()
    record = sets.meant(document) if document is not None else None
    if document is None or record is None:
        say(_("There is no set of variations in this picture."))
        return
    own = sets.own_layers(document, record)
    hidden, shown = [n for n in own if not n.visible()], [n for n in own if n.visible()]
    if not shown:
        say(_("None of the variations is visible: show the one you want to keep."))
        return
    group = active.find(document, record.group)
    alone = len(shown) == 1 and group is not None and len(group.childNodes()) == len(own)
    locked = [node for node in [group, *(own if alone else hidden)] if node is not None and node.locked()]
    if not alone and not hidden:
        say(_("None of the variations is hidden: there is nothing to discard."))
    elif locked:
        say(
            _(
                "“{name}” is locked, so nothing was removed. Unlock it in the Layers docker, then try again."
            ).format(name=locked[0].name())
        )
    elif alone:
        # Flattening a group drops what is hidden in it and leaves one layer: all in one entry.
        done = _dissolved(group.parentNode(), shown[0].name(), len(hidden))
        _Removal(app, document, [group], "flatten_layer", say, done)
    else:
        _Removal(app, document, hidden, "remove_layer", say, lambda gone: _counted(gone, len(hidden)))


def _counted(gone: int, meant: int) -> str:
    if not gone:
        return _(
            "Krita did not remove anything. Look at the layers' locks in the Layers docker, then try again."
        )
    if gone < meant:
        return _("Krita removed {gone} of {count} variations and left the others.").format(
            gone=gone, count=meant
        )
    return ngettext("{count} variation discarded.", "{count} variations discarded.", gone).format(count=gone)


def _dissolved(parent: Any, name: str, hidden: int) -> Callable[[int], str]:
    """Names the one layer that is left after the one it came from; renaming is no undo entry."""
    before = {node.uniqueId().toString() for node in parent.childNodes()}

    def rename(gone: int) -> str:
        if not gone:
            return _counted(0, hidden)
        new = [node for node in parent.childNodes() if node.uniqueId().toString() not in before]
        if len(new) == 1:
            new[0].setName(name)
        if not hidden:
            return _("Nothing was left to discard: the variation took the place of its group.")
        return _counted(hidden, hidden)

    return rename


class _Removal(QtCore.QObject):
    """Selects nodes in the Layers docker and triggers an action of Krita's, over several turns of the event loop."""

    def __init__(
        self, app: Any, document: Any, nodes: list[Any], action: str, say: Say, done: Callable[[int], str]
    ) -> None:
        super().__init__()
        _at_work.append(self)
        self._app, self._document, self._action, self._say, self._done = app, document, action, say, done
        self._meant = {node.uniqueId().toString() for node in nodes}
        self._paths = [_path(node) for node in nodes]
        self._tries = 0
        self._before = document.activeNode()
        self._docker = next((d for d in app.dockers() if d.objectName() == "KisLayerBox"), None)
        # With the Layers docker hidden its tree is stale: show it for the moment.
        self._was_hidden = self._docker is not None and not self._docker.isVisible()
        if self._was_hidden:
            self._docker.show()
            self._docker.raise_()
        self._later(self._select)

    def _later(self, step: Callable[[], None]) -> None:
        QtCore.QTimer.singleShot(_WAIT_MILLISECONDS, step)

    def _select(self) -> None:
        if self._app.activeDocument() != self._document:
            self._end(_("Another picture became active; nothing was changed."))
            return
        tree = self._tree()
        indices = [index_at(tree.model(), path) for path in self._paths] if tree is not None else [None]
        if any(index is None for index in indices):
            self._again_or_end(self._select)
            return
        flags = QtCore.QItemSelectionModel.SelectionFlag
        chooser = tree.selectionModel()
        chooser.setCurrentIndex(indices[0], flags.ClearAndSelect | flags.Rows)
        for index in indices[1:]:
            chooser.select(index, flags.Select | flags.Rows)
        self._later(self._act)

    def _act(self) -> None:
        """Only if exactly what is meant is selected, and the active node is one of it."""
        view = self._app.activeWindow().activeView()
        chosen = {node.uniqueId().toString() for node in view.selectedNodes()} if view is not None else set()
        current = self._document.activeNode()
        if (
            self._app.activeDocument() != self._document
            or chosen != self._meant
            or current is None
            or current.uniqueId().toString() not in self._meant
        ):
            self._again_or_end(self._select)
            return
        self._app.action(self._action).trigger()
        self._document.waitForDone()
        self._tries = 0
        self._later(self._finish)

    def _finish(self) -> None:
        """Krita may refuse without a word, so what is gone is counted."""
        if self._document.rootNode() is None:
            self._end(_("The picture was closed."))
            return
        left = sum(active.find(self._document, identity) is not None for identity in self._meant)
        self._tries += 1
        if left and self._tries < _TRIES:
            self._later(self._finish)
            return
        self._document.refreshProjection()
        self._end(self._done(len(self._meant) - left))

    def _again_or_end(self, step: Callable[[], None]) -> None:
        self._tries += 1
        if self._tries < _TRIES:
            self._later(step)
        else:
            self._end(
                _(
                    "The Layers docker does not show the variations as they are, so nothing was removed. "
                    "Open it, clear its filter, and try again."
                )
            )

    def _end(self, sentence: str) -> None:
        if self._was_hidden:
            self._docker.hide()
        before = self._before
        if before is not None and active.find(self._document, before.uniqueId().toString()) is not None:
            layers.make_active_again(self._document, before)
        _at_work.remove(self)
        self._say(sentence)

    def _tree(self) -> Any | None:
        window = self._app.activeWindow().qwindow()
        trees = window.findChildren(QtWidgets.QTreeView, "listLayers")
        return trees[0] if trees else None


def _path(node: Any) -> list[tuple[int, str]]:
    """From the top of the tree to a node: (row counted from the top among the siblings, name)."""
    path: list[tuple[int, str]] = []
    while node is not None and node.parentNode() is not None:
        parent = node.parentNode()
        siblings = [n.uniqueId().toString() for n in reversed(parent.childNodes())]
        path.insert(0, (siblings.index(node.uniqueId().toString()), node.name()))
        node = parent
    return path


def index_at(model: Any, path: list[tuple[int, str]]) -> Any | None:
    """The tree's index for a path; ``None`` where the tree shows something else there.

    The tree may leave out a selection of the whole image, so a name may stand one row higher than counted.
    """
    index = QtCore.QModelIndex()
    for row, name in path:
        for candidate in (row, row - 1):
            child = model.index(candidate, 0, index)
            if candidate >= 0 and child.isValid() and child.data() == name:
                index = child
                break
        else:
            return None
    return index
