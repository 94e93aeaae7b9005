"""``pluripaint generate`` as a person calls it: a small photograph, a mask, the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from PIL import Image

from pluripaint.cli import main
from pluripaint.imaging import Photo, write_photo


def make_photo(path: Path, dtype=np.uint8, channels=3, shape=(72, 96), **more) -> Photo:
    generator = np.random.default_rng(3)
    values = generator.random((*shape, channels)) * 0.2 + np.linspace(0.2, 0.7, shape[1])[None, :, None]
    if channels in (2, 4):
        values[..., -1] = 1
    scaled = (
        values.astype(np.float32)
        if dtype == np.float32
        else np.rint(values * np.iinfo(dtype).max).astype(dtype)
    )
    photo = Photo(scaled, **more)
    write_photo(path, photo)
    return photo


def make_mask(path: Path, shape=(72, 96)) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    mask[30:44, 40:60] = 255
    mask[30:44, 39] = 90
    Image.fromarray(mask).save(path)
    return mask


def generate(*arguments: object, code: int = 0):
    result = CliRunner().invoke(main, ["generate", *map(str, arguments)])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def start(*arguments: object, **more) -> subprocess.Popen:
    program = [sys.executable, "-m", "pluripaint.cli", "generate"]
    return subprocess.Popen(
        [*program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )
