"""What the review shows: the photo around the hole, and each candidate's fill laid over it. QtGui only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Tuple

from pluripaint_client import Region, rows

from .qt import Qt, QtCore, QtGui

MOST_PIXELS = 16 << 20
"""Islands so far apart that they would need a larger picture are shown by the region with the largest hole."""

Patch = Tuple[Region, Any]
"""Where a picture lies in the photo, and the QImage."""


def image(bgra: bytes, width: int, height: int) -> Any:
    """A QImage of 8-bit B, G, R, A rows; owns its pixels."""
    return QtGui.QImage(bgra, width, height, width * 4, QtGui.QImage.Format.Format_ARGB32).copy()


def patch(bgra: bytes, box: Region, selection: bytes) -> Patch:
    """A fill, as opaque as it is selected."""
    return box, image(rows.with_alpha_replaced(bgra, 4, selection, "uint8"), box.width, box.height)


class Stage:
    """The surroundings of a hole, on which candidates appear."""

    def __init__(self, regions: Sequence[Region]) -> None:
        """``regions``: of the job; their pictures come by :meth:`add`."""
        whole = regions[0]
        for region in regions[1:]:
            whole = whole.union(region)
        if whole.area > MOST_PIXELS:
            whole = max(regions, key=lambda region: region.area)
        self.region = whole
        self.before = self._checkered(whole)

    def add(self, patch: Patch) -> None:
        """A part of the surroundings."""
        painter = QtGui.QPainter(self.before)
        self.draw(painter, [patch])
        painter.end()

    def draw(self, painter: Any, patches: Sequence[Patch], left: int = 0, top: int = 0) -> None:
        """Lay patches where they belong when ``before``'s corner is at ``left``, ``top``. A whole composite is never
        made: it would take as much memory as the surroundings."""
        for box, picture in patches:
            painter.drawImage(left + box.left - self.region.left, top + box.top - self.region.top, picture)

    def focus(self, patches: Sequence[Patch]) -> Region:
        """The part that matters, in the stage's own coordinates: the patches and a little around them."""
        boxes = [box.intersection(self.region) for box, _picture in patches]
        inside: list[Region] = [box for box in boxes if box is not None]
        if not inside:
            return Region(0, 0, self.region.width, self.region.height)
        whole = inside[0]
        for box in inside[1:]:
            whole = whole.union(box)
        margin = max(16, max(whole.width, whole.height) // 4)
        shared = whole.grown(margin).intersection(self.region)
        return (shared or whole).moved(-self.region.left, -self.region.top)

    @staticmethod
    def _checkered(region: Region) -> Any:
        """What lies behind transparent pixels."""
        out = QtGui.QImage(region.width, region.height, QtGui.QImage.Format.Format_RGB32)
        out.fill(QtGui.QColor(150, 150, 150))
        painter = QtGui.QPainter(out)
        brush = QtGui.QBrush(QtGui.QColor(110, 110, 110), Qt.BrushStyle.Dense4Pattern)
        painter.fillRect(out.rect(), brush)
        painter.end()
        return out


def thumbnail(stage: Stage, patches: Sequence[Patch], side: int, ratio: float) -> Any:
    """A small picture of what matters, sharp on a screen whose pixels are ``ratio`` to a point."""
    focus = stage.focus(patches)
    part = stage.before.copy(QtCore.QRect(*focus))
    painter = QtGui.QPainter(part)
    stage.draw(painter, patches, -focus.left, -focus.top)
    painter.end()
    # Whole points: Qt would stretch half a one.
    scale = side / max(part.width(), part.height())
    points = [max(1, round(length * scale)) for length in (part.width(), part.height())]
    small = part.scaled(
        *(round(length * ratio) for length in points),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    small.setDevicePixelRatio(ratio)
    return small
