"""What else a person could use, in the same run and on the same region, hole wiped.

A peer is there when its program is on PATH. A name that is not built in is a program ``inpaint-NAME``, called
as ``inpaint-NAME IMAGE.png HOLE.png OUT.png SEED`` (white = fill): so any other tool can take part by a few
lines of shell.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .cases import mean_colour_fill

Run = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
PEER_FILLS = 3
"""How many fills a peer that can vary gives: by its settings, or by its seed."""


class Missing(Exception):
    """A peer that is not on this machine; the message says what to install."""


class Broken(Exception):
    """A peer that gave no fill; the message is what it said."""


@dataclass(frozen=True)
class Peer:
    """One peer.

    Attributes:
        fills: how many different fills it gives.
        settings: what distinguishes this configuration from another; goes into the cache's key.
        run: ``(wiped uint8 [h, w, 3], hole bool [h, w], index) → uint8 [h, w, 3]``.
    """

    name: str
    title: str
    fills: int
    settings: str
    run: Run


def find_peer(name: str) -> Peer:
    """The peer of that name.

    Raises:
        Missing: it is not on this machine.
    """
    if name in _SIMPLE:
        title, run = _SIMPLE[name]
        return Peer(name, title, 1, "1", run)
    if name in ("matchpatch", "gmic"):
        _need("gmic", "G'MIC", "the package gmic")
        recipes = _MATCHPATCH if name == "matchpatch" else _GMIC_INPAINT
        title = "G'MIC inpaint_matchpatch" if name == "matchpatch" else "G'MIC inpaint"
        return Peer(name, title, len(recipes), "; ".join(recipes), _gmic(recipes))
    program = f"inpaint-{name}"
    _need(program, name, f"a program {program} that is called with IMAGE HOLE OUT SEED")
    return Peer(name, name.capitalize(), PEER_FILLS, "seeds 0, 1, 2", _program(program))


def _need(program: str, title: str, what: str) -> None:
    if shutil.which(program) is None:
        raise Missing(f"{title} is missing: {what} is not on PATH.")


def _opencv(flag: int) -> Run:
    def run(wiped: np.ndarray, hole: np.ndarray, index: int) -> np.ndarray:
        bgr = np.ascontiguousarray(wiped[..., ::-1])
        return cv2.inpaint(bgr, hole.astype(np.uint8) * 255, 3, flag)[..., ::-1]

    return run


_SIMPLE: dict[str, tuple[str, Run]] = {
    "mean": ("mean colour", lambda wiped, hole, index: mean_colour_fill(wiped, hole)),
    "telea": ("OpenCV Telea, radius 3", _opencv(cv2.INPAINT_TELEA)),
    "navier-stokes": ("OpenCV Navier–Stokes, radius 3", _opencv(cv2.INPAINT_NS)),
}
# G'MIC draws no variations, so that the patch size is varied: first the default of its own filter, the others
# in the same proportions (inpaint looks up to 16 patch sizes far and blends over 1.2).
_MATCHPATCH = (
    "inpaint_matchpatch[1] [0],0,9,10,5,1",
    "inpaint_matchpatch[1] [0],0,7,10,5,1",
    "inpaint_matchpatch[1] [0],0,11,10,5,1",
)
_GMIC_INPAINT = (
    "inpaint[1] [0],7,112,0.1,1,8,0,0.05,10,1",
    "inpaint[1] [0],9,144,0.1,1,11,0,0.05,10,1",
    "inpaint[1] [0],11,176,0.1,1,13,0,0.05,10,1",
)


def _gmic(recipes: tuple[str, ...]) -> Run:
    def run(wiped: np.ndarray, hole: np.ndarray, index: int) -> np.ndarray:
        def command(image: str, mask: str, out: str) -> list[str]:
            recipe = recipes[index].split()
            return ["gmic", "-v", "-1", mask, image, "srand", str(index + 1), *recipe, "keep[1]", "-o", out]

        return _through_files(command, wiped, hole)

    return run


def _program(program: str) -> Run:
    def run(wiped: np.ndarray, hole: np.ndarray, index: int) -> np.ndarray:
        return _through_files(lambda i, h, o: [program, i, h, o, str(index)], wiped, hole)

    return run


def _through_files(
    command: Callable[[str, str, str], list[str]], wiped: np.ndarray, hole: np.ndarray
) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        image, mask, out = (str(Path(folder) / name) for name in ("image.png", "hole.png", "out.png"))
        cv2.imwrite(image, wiped[..., ::-1])
        cv2.imwrite(mask, hole.astype(np.uint8) * 255)
        words = command(image, mask, out)
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
        fill = cv2.imread(out, cv2.IMREAD_COLOR) if Path(out).is_file() else None
        if done.returncode or fill is None or fill.shape != wiped.shape:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise Broken(f"{words[0]} gave no fill: {said[-1] if said else f'exit {done.returncode}'}")
        return np.where(hole[..., None], fill[..., ::-1], wiped)
