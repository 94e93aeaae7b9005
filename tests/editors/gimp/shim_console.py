"""The gimpfu shim in the consoles of GIMP 2.10 and 3.0: a profile with scripts dropped in, code run beside them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gimp_editor import root_folder
from stage import end

REPOSITORY = Path(__file__).resolve().parents[3]
SCRIPTS = Path(__file__).with_name("scripts")
sys.path.insert(0, str(REPOSITORY / "plugin" / "gimp" / "shim"))
import entries  # noqa: E402

# Itself a gimpfu script: runs pieces of Python, writes what ``answer`` holds and the flattened picture ``result``.
DRIVER = '''#!/usr/bin/env python
import json, traceback
from gimpfu import *

def picture(size=(96, 64), kind=RGB_IMAGE):
    """A picture with colours everywhere, the same on every GIMP."""
    width, height = size
    image = gimp.Image(width, height, RGB if kind < 2 else GRAY)
    layer = gimp.Layer(image, "source", width, height, kind, 100, NORMAL_MODE)
    image.add_layer(layer, 0)
    bpp = layer.bpp
    rows = bytearray()
    for y in range(height):
        for x in range(width):
            colour = ((x * 255) // width, (y * 255) // height, (x * y * 7) % 256)
            rows += bytes({1: colour[:1], 2: (colour[0], 255), 3: colour, 4: colour + (255 - y,)}[bpp])
    layer.get_pixel_rgn(0, 0, width, height, True, False)[0:width, 0:height] = bytes(rows)
    layer.flush()
    layer.update(0, 0, width, height)
    return image, layer

def one(code, name, folder):
    names = dict(globals(), picture=picture, folder=folder, result=None, answer=None)
    said = {}
    try:
        exec(code, names)
        said["answer"] = names["answer"]
        if names["result"] is not None:
            flat = names["result"].duplicate()
            layer = flat.flatten()
            region = layer.get_pixel_rgn(0, 0, layer.width, layer.height, False, False)
            open(folder + "/" + name, "wb").write(region[0:layer.width, 0:layer.height])
            said["shape"] = [layer.height, layer.width, layer.bpp]
            gimp.delete(flat)
    except BaseException:
        said["error"] = traceback.format_exc()
    return said

def drive(folder):
    jobs = json.load(open(folder + "/jobs.json"))
    for name, code in jobs.items():
        said = one(code, name, folder)
        open(folder + "/" + name + ".json", "w").write(json.dumps(said))

register("shim-drive", "", "", "", "", "2026", "Drive", "",
         [(PF_STRING, "folder", "", "")], [], drive, menu="<Image>/Filters/Shim")
main()
'''


@dataclass
class Outcome:
    """What a piece of Python answered, the pixels of its picture, what it raised."""

    answer: Any = None
    pixels: np.ndarray | None = None
    error: str = ""
    never_came: bool = False  # GIMP ended, or its time, before


class Console:
    """One GIMP's console with a profile of its own that keeps what it knows of its plug-ins between runs."""

    def __init__(
        self, version: str, folder: Path, scripts: list[Path] | None = None, resources: bool = False
    ) -> None:
        """``resources``: GIMP loads its brushes, fonts, gradients and so on, which takes it a while."""
        self.version = version
        self._flags = "-i" if resources else "-idf"
        self.display = ""  # GIMP 3.0's Script-Fu ends where it finds none
        self.root = root_folder() if version != "2.10" else None
        assert self.root or shutil.which("gimp-console-2.10"), "GIMP 2.10 is not installed"
        name = folder.name
        self.outside = (self.root / "tmp" / name) if self.root else folder
        self.inside = Path("/tmp") / name if self.root else folder
        shutil.rmtree(self.outside, ignore_errors=True)
        self.profile = self.outside / "profile"
        self.log = ""
        for part in ("shim", "pluripaint_gimp"):
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(
                REPOSITORY / "plugin" / "gimp" / part, self.outside / "plugin" / part, ignore=ignore
            )
        entries.write(self.profile, "/usr/bin/python3", str(self.inside / "plugin" / "shim"))
        for script in scripts if scripts is not None else sorted(SCRIPTS.glob("*.py")):
            self.drop(script.stem, script.read_text(encoding="utf-8"))
        self.drop("shim_drive", DRIVER)

    def drop(self, name: str, text: str) -> None:
        """Puts a script where a user of this GIMP puts it."""
        place = self.profile / "plug-ins"
        place = place / name if self.root else place
        place.mkdir(parents=True, exist_ok=True)
        script = place / f"{name}.py"
        script.write_text(text, encoding="utf-8")
        script.chmod(0o755)

    def run(self, jobs: dict[str, str], seconds: float = 300) -> dict[str, Outcome]:
        """Runs pieces of Python inside a gimpfu script, in one start of GIMP, each on its own.

        After ``seconds`` GIMP is ended; what it had not come to says so.
        """
        for old in self.outside.glob("*.json"):
            old.unlink()
        (self.outside / "jobs.json").write_text(json.dumps(jobs))
        call = f'(python-fu-shim-drive 1 "{self.inside}")'
        command = [f"gimp-console-{self.version}", self._flags]
        if self.root:
            command += ["--batch-interpreter", "plug-in-script-fu-eval", "-b", call, "--quit"]
        else:
            command += ["-b", call, "-b", "(gimp-quit 1)"]
        environment = {
            **({"DISPLAY": self.display} if self.display else {}),
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.inside),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GIMP3_DIRECTORY" if self.root else "GIMP2_DIRECTORY": str(self.inside / "profile"),
        }
        if self.root:
            variables = [f"{key}={value}" for key, value in environment.items()]
            command = ["/usr/sbin/chroot", str(self.root), "env", "-i", *variables, *command]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        ) as process:
            try:
                said, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                end(process)
                said, _ = process.communicate()
        self.log = said.decode("utf-8", "replace")
        return {name: self._outcome(name) for name in jobs}

    def _outcome(self, name: str) -> Outcome:
        said = self.outside / f"{name}.json"
        if not said.exists():
            return Outcome(error=f"GIMP did not come that far:\n{self.log[-3000:]}", never_came=True)
        found = json.loads(said.read_text())
        pixels = None
        if "shape" in found:
            pixels = np.frombuffer((self.outside / name).read_bytes(), np.uint8).reshape(found["shape"])
        return Outcome(found.get("answer"), pixels, found.get("error", ""))

    def close(self) -> None:
        """Takes the profile away."""
        if self.root:
            shutil.rmtree(self.outside, ignore_errors=True)


def mean_difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference in steps of 1/255; pictures of one size."""
    assert one.shape == other.shape, f"{one.shape} against {other.shape}"
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


def folder_for(base: Path, version: str) -> Path:
    """A folder name that no other test run uses, also inside the root folder."""
    return base / f"shim-{version}-{os.getpid()}"
