"""Makes the README's pictures of Krita: the real menu, docker and layers, driven by keys with a real daemon.

    python tests/editors/krita/krita_shots.py [FOLDER]

Run with a Python that has pluripaint and its test requirements. FOLDER: assets/readme of this checkout by default.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "gimp")]

from krita_editor import ROOT, KritaEditor  # noqa: E402
from shots import save  # noqa: E402
from stage import Stage  # noqa: E402

ROCK = (575, 500, 265, 130)
"""An ellipse around one of the sample photograph's rocks."""

SETTLE = 1.5  # seconds that Krita's own animations and thumbnails take; nothing tells when they are over


def select_ellipse(krita: KritaEditor) -> None:
    """A soft ellipse."""
    left, top, width, height = ROCK
    krita.do(
        f"""
        mask = QtGui.QImage({width}, {height}, QtGui.QImage.Format_Grayscale8)
        mask.fill(0)
        painter = QtGui.QPainter(mask)
        painter.setRenderHint(QtGui.QPainter.Antialiasing)
        painter.setBrush(QtCore.Qt.white)
        painter.drawEllipse(mask.rect())
        painter.end()
        rows = b''.join(bytes(mask.constScanLine(y).asarray({width})) for y in range({height}))
        selection = Selection()
        selection.setPixelData(QByteArray(rows), {left}, {top}, {width}, {height})
        selection.feather(5)
        app.activeDocument().setSelection(selection)
        app.activeDocument().waitForDone()
        """
    )


def docker_box(krita: KritaEditor) -> tuple[int, int, int, int]:
    """The docker's rectangle on the screen."""
    return tuple(
        krita.do(
            """
            docker = widget('pluripaint_docker')
            corner = docker.mapToGlobal(QtCore.QPoint(0, 0))
            answer = [corner.x(), corner.y(), corner.x() + docker.width(), corner.y() + docker.height()]
            """
        )
    )


def menu(krita: KritaEditor, folder: Path) -> None:
    """Filter → Inpaint, opened by keys."""
    krita.focus()
    for _press in range(4):  # only every second press opens it
        krita.stage.key("alt+r")
        if krita.do("answer = QtWidgets.QApplication.activePopupWidget() is not None"):
            break
    krita.stage.key("Up", "Right")
    time.sleep(SETTLE)
    save(krita.stage.screenshot("menu"), folder / "krita-menu.png")
    krita.stage.key("Escape", "Escape", "Escape")


def shoot(krita: KritaEditor, folder: Path) -> None:
    """All of them."""
    krita.open(ROOT / "assets" / "sample" / "photo.jpg")
    select_ellipse(krita)
    krita.focus()
    krita.stage.key("ctrl+alt+shift+g")
    krita.wait("widget('pluripaint_generate').hasFocus()", "the docker")
    krita.wait("widget('pluripaint_method').count() > 2", "the methods")
    menu(krita, folder)
    krita.focus()
    krita.stage.key("ctrl+alt+shift+g", "alt+m")
    time.sleep(SETTLE)
    save(krita.stage.screenshot("settings"), folder / "krita-settings.png", docker_box(krita))
    krita.stage.key("alt+m", "ctrl+alt+shift+g", "Return")
    krita.wait("widget('pluripaint_strip').isVisible() and widget('pluripaint_strip').count() > 0", "one")
    save(krita.stage.screenshot("progress"), folder / "krita-progress.png", docker_box(krita))
    krita.ready()
    krita.stage.key("Right", "space")
    time.sleep(SETTLE)
    save(krita.stage.screenshot("review"), folder / "krita-review.png")
    krita.stage.key("Return")
    krita.generated()
    krita.do(
        """
        layers = [d for d in app.dockers() if d.objectName() == 'KisLayerBox'][0]
        app.activeWindow().qwindow().resizeDocks([layers], [420], QtCore.Qt.Vertical)
        """
    )
    time.sleep(SETTLE)
    save(krita.stage.screenshot("layers"), folder / "krita-layers.png")


def main() -> int:
    """``krita_shots.py [FOLDER]``."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "assets" / "readme"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="shots ") as work:
        stage = Stage(Path(work) / "shots")
        try:
            settings = {"variations": 4, "preset": "best", "method": "auto", "seed": 7}
            krita = KritaEditor(stage, Path(work) / "krita", settings)
            try:
                shoot(krita, folder)
            finally:
                krita.close()
        finally:
            stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
