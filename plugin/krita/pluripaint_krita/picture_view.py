"""Widgets that draw: a picture at 1:1 that can be dragged about, and the context around a selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pluripaint_client import Region

from .pictures import Patch, Stage
from .qt import Qt, QtCore, QtGui, QtWidgets, Signal, position


class PictureView(QtWidgets.QWidget):
    """One photo pixel is one pixel of the screen, also on a HiDPI screen; drag or wheel to move."""

    enlarge = Signal()

    def __init__(self, parent: Any | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(120, 150)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._stage: Stage | None = None
        self._patches: Sequence[Patch] = ()
        self._middle = QtCore.QPointF()
        self._grip: Any | None = None
        self.marked = False

    def sizeHint(self) -> Any:  # noqa: N802 (Qt's name)
        """Small: it takes whatever height a docker can spare, and a scroll area gives no page less than its hint."""
        return QtCore.QSize(280, 150)

    def show_picture(
        self,
        stage: Stage | None,
        patches: Sequence[Patch] = (),
        middle: Region | None = None,
        marked: bool = False,
    ) -> None:
        """Show other patches on their surroundings at the same place, or around the middle of ``middle``."""
        self._stage, self._patches, self.marked = stage, patches, marked
        if middle is not None:
            self._middle = QtCore.QPointF(middle.left + middle.width / 2, middle.top + middle.height / 2)
        self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """Whole device pixels: no resampling."""
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect(), self.palette().dark())
        if self._stage is not None:
            ratio = self.devicePixelRatioF()
            painter.save()
            painter.scale(1 / ratio, 1 / ratio)
            left = round(self.width() * ratio / 2 - self._middle.x())
            top = round(self.height() * ratio / 2 - self._middle.y())
            painter.drawImage(left, top, self._stage.before)
            self._stage.draw(painter, self._patches, left, top)
            painter.restore()
        if self.marked:
            painter.setPen(QtGui.QPen(self.palette().highlight().color(), 4))
            painter.drawRect(self.rect().adjusted(2, 2, -2, -2))
        if self.hasFocus():
            painter.setPen(QtGui.QPen(self.palette().highlight().color(), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802
        """Take hold."""
        self._grip = position(event)
        self.setFocus()

    def mouseMoveEvent(self, event: Any) -> None:  # noqa: N802
        """Drag the picture."""
        if self._grip is not None and self._stage is not None:
            here = position(event)
            moved = (here - self._grip) * self.devicePixelRatioF()
            self._grip = here
            x = min(max(self._middle.x() - moved.x(), 0), self._stage.region.width)
            y = min(max(self._middle.y() - moved.y(), 0), self._stage.region.height)
            self._middle = QtCore.QPointF(x, y)
            self.update()

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802
        """Let go."""
        self._grip = None

    def mouseDoubleClickEvent(self, event: Any) -> None:  # noqa: N802
        """A larger window."""
        self.enlarge.emit()


class ContextView(QtWidgets.QWidget):
    """The document, small, with what is selected and what the method will look at."""

    def __init__(self, parent: Any | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(110)
        self._shown: tuple[Any, tuple[int, int], list[Region], list[Region]] | None = None

    def show_context(self, shown: tuple[Any, tuple[int, int], list[Region], list[Region]] | None) -> None:
        """A thumbnail, the document's size, islands, regions; ``None``: nothing."""
        self._shown = shown
        self.setVisible(shown is not None)
        self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """The photo dimmed outside the regions; the selection's islands outlined."""
        if self._shown is None:
            return
        image, (width, height), islands, regions = self._shown
        scale = min(self.width() / width, self.height() / height)
        left, top = (self.width() - width * scale) / 2, (self.height() - height * scale) / 2

        def placed(region: Region) -> Any:
            return QtCore.QRectF(
                left + region.left * scale,
                top + region.top * scale,
                region.width * scale,
                region.height * scale,
            )

        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        whole = placed(Region(0, 0, width, height))
        painter.drawImage(whole, image)
        dim = QtGui.QPainterPath()
        dim.addRect(whole)
        for region in regions:
            hole = QtGui.QPainterPath()
            hole.addRect(placed(region))
            dim = dim.subtracted(hole)
        painter.fillPath(dim, QtGui.QColor(0, 0, 0, 130))
        painter.setPen(QtGui.QPen(QtGui.QColor(255, 255, 255), 1))
        for region in regions:
            painter.drawRect(placed(region))
        painter.setPen(QtGui.QPen(QtGui.QColor(255, 210, 0), 1, Qt.PenStyle.DashLine))
        for island in islands:
            painter.drawRect(placed(island))
        painter.end()
