"""Makes the README's pictures of GIMP: the real menu, window and layers, driven by keys with a real daemon.

    python tests/editors/shots.py [FOLDER [VERSION ...]]

Run with a Python that has pluripaint and its test requirements. FOLDER: assets/readme of this checkout by default.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "gimp")]

from gimp_editor import VERSIONS, Gimp, root_folder  # noqa: E402
from PIL import Image  # noqa: E402
from real_daemon import Daemon  # noqa: E402
from stage import Stage, wait_for  # noqa: E402

ROOT = HERE.parents[1]
LARGEST = 250_000  # bytes of one picture
SELECT = "select(max(images()), 'ellipse', 575, 500, 265, 130, 8.0)"
MENU_WALK = {"2.10": ["End", "Up", "Up", "Right"], "3.0": ["End", "Right"], "3.2": ["End", "Right"]}
"""From the open Filters menu to Inpaint's own, without further plug-ins; PLURIPAINT_MENU_WALK overrides it."""


def save(shot: Path, target: Path, box: tuple[int, int, int, int] | None = None) -> None:
    """A screenshot cut out, in 256 colours, as wide as its size in bytes allows."""
    whole = Image.open(shot).convert("RGB")
    whole = whole.crop(box) if box else whole
    for width in (1100, 1000, 900, 800, 700):
        picture = whole
        if whole.width > width:
            size = (width, round(whole.height * width / whole.width))
            picture = whole.resize(size, Image.Resampling.LANCZOS)
        picture.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(target, optimize=True)
        if target.stat().st_size <= LARGEST:
            break
    print(f"{target.name}: {picture.width} × {picture.height}, {target.stat().st_size} bytes")


def around(stage: Stage, window: str) -> tuple[int, int, int, int]:
    """A window's rectangle on the screen with its frame; xdotool counts the frame twice."""
    words = dict(
        line.split("=", 1)
        for line in subprocess.run(
            ["xdotool", "getwindowgeometry", "--shell", str(int(window, 16))],
            env=stage.environment, capture_output=True, text=True, check=True,
        ).stdout.splitlines()
    )  # fmt: skip
    x, y, width, height = (int(words[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))
    return max(0, x - 3), max(0, y - 43), x + width + 1, y + height - 17


def shoot(version: str, folder: Path, work: Path) -> None:
    """The pictures of one GIMP."""
    stage = Stage(work / "shots", gtk=True)
    gimp = daemon = None
    try:
        photo = work / "lake.png"
        Image.open(ROOT / "assets/sample/photo.jpg").save(photo)
        root = root_folder() if version != "2.10" else None
        gimp = Gimp(stage, root, work / f"shots-{version}-{os.getpid()}", photo, version, docks=True)
        daemon = Daemon(gimp.home)
        gimp.remember(variations=4, preset="best", method="auto", seed=7)
        maximize = ["wmctrl", "-ir", gimp.window, "-b", "add,maximized_vert,maximized_horz"]
        subprocess.run(maximize, env=stage.environment, check=True)
        gimp.hand(SELECT)
        gimp.keys("ctrl+shift+j")
        time.sleep(2)
        gimp.keys("alt+r")
        for key in os.environ.get("PLURIPAINT_MENU_WALK", "").split() or MENU_WALK[version]:
            time.sleep(0.5)
            stage.key(key)
        time.sleep(0.5)
        save(stage.screenshot("menu"), folder / f"gimp-{version}-menu.png")
        stage.key("Escape", "Escape", "Escape", "Escape")
        _window(stage, gimp, folder, version)
        gimp.wait_state(lambda state: state["tree"][0]["kind"] == "group", "the group")
        time.sleep(2)
        save(stage.screenshot("layers"), folder / f"gimp-{version}-layers.png")
    finally:
        if gimp:
            gimp.close()
        if daemon:
            daemon.close()
        stage.close()


def _window(stage: Stage, gimp: Gimp, folder: Path, version: str) -> None:
    """The window's three states."""
    gimp.press("generate")
    window = stage.window("Generate Variations")
    stage.focus(window)
    stage.key("alt+o")
    time.sleep(2)
    save(stage.screenshot("settings"), folder / f"gimp-{version}-settings.png", around(stage, window))
    stage.key("alt+g")
    wait_for(
        lambda: any("% ·" in name and "0 %" not in name for name in stage.windows().values()), 60, "work"
    )
    time.sleep(1)
    save(stage.screenshot("progress"), folder / f"gimp-{version}-progress.png", around(stage, window))
    stage.window("variations ·", 240)
    stage.focus(window)
    stage.key("Right", "space")
    time.sleep(1)
    save(stage.screenshot("review"), folder / f"gimp-{version}-review.png", around(stage, window))
    stage.key("Return")
    stage.gone("Generate Variations")


def main() -> int:
    """``shots.py [FOLDER] [VERSION ...]``."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "assets" / "readme"
    folder.mkdir(parents=True, exist_ok=True)
    for version in sys.argv[2:] or VERSIONS:
        with tempfile.TemporaryDirectory(prefix="shots ") as work:
            shoot(version, folder, Path(work))
    return 0


if __name__ == "__main__":
    sys.exit(main())
