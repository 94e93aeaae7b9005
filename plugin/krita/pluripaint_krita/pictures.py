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

    def __init__(self, regions: Sequence[Patch]) -> None:
        """``regions``: each region of the job with its picture."""
        whole = regions[0][0]
        for region, _picture in regions[1:]:
            whole = whole.union(region)
        if whole.area > MOST_PIXELS:
            largest = max(regions, key=lambda part: part[0].area)
            regions, whole = [largest], largest[0]
        self.region = whole
        self.before = self._checkered(whole)
        painter = QtGui.QPainter(self.before)
        for region, picture in regions:
            painter.drawImage(region.left - whole.left, region.top - whole.top, picture)
        painter.end()

    def with_patches(self, patches: Sequence[Patch]) -> Any:
        """The photo with a candidate in place."""
        out = self.before.copy()
        painter = QtGui.QPainter(out)
        for box, picture in patches:
            painter.drawImage(box.left - self.region.left, box.top - self.region.top, picture)
        painter.end()
        return out

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


def thumbnail(composite: Any, focus: Region, side: int, ratio: float) -> Any:
    """A small picture of what matters, sharp on a screen whose pixels are ``ratio`` to a point."""
    part = composite.copy(QtCore.QRect(*focus))
    pixels = int(side * ratio)
    small = part.scaled(
        pixels,
        pixels,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    small.setDevicePixelRatio(ratio)
    return small
