"""Qt as this Krita has it: PyQt5 in Krita 5, PyQt6 in Krita 6. The only module that imports either.

Everything else uses scoped enums (``Qt.Key.Key_Space``), which both know, and the few helpers below where the two
differ. A process must never load both: whichever Krita's own binding has loaded is taken.
"""

from __future__ import annotations

import sys
from typing import Any

if "PyQt5.QtCore" in sys.modules:
    from PyQt5 import QtCore, QtGui, QtWidgets

    QAction = QtWidgets.QAction
else:
    try:
        from PyQt6 import QtCore, QtGui, QtWidgets

        QAction = QtGui.QAction
    except ImportError:
        from PyQt5 import QtCore, QtGui, QtWidgets

        QAction = QtWidgets.QAction

Qt = QtCore.Qt
Signal = QtCore.pyqtSignal

__all__ = ["QAction", "Qt", "QtCore", "QtGui", "QtWidgets", "Signal", "image_bytes", "position", "run_dialog"]


def position(event: Any) -> Any:
    """Where a mouse event happened, as QPoint."""
    return event.position().toPoint() if hasattr(event, "position") else event.pos()


def run_dialog(dialog: Any) -> bool:
    """Show a modal dialog and say whether it was accepted."""
    execute = getattr(dialog, "exec", None) or dialog.exec_
    return bool(execute())


def image_bytes(image: Any) -> bytes:
    """All rows of a QImage, with their padding."""
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return bytes(bits)
