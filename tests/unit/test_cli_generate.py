"""``pluripaint generate`` and ``methods``, as a person calls them."""

from __future__ import annotations

import errno
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import imagecodecs
import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from generating import generate, make_mask, make_photo
from PIL import Image

from pluripaint.cli import main
from pluripaint.imaging import read_photo

ADOBE = bytes(imagecodecs.cms_profile("adobergb"))


@pytest.mark.parametrize(
    ("dtype", "channels", "name"), [(np.uint8, 4, "p.png"), (np.uint16, 3, "p.png"), (np.float32, 3, "p.tif")]
)
def test_each_variation_has_the_photos_depth_profile_and_every_bit_outside(
    dtype, channels, name, tmp_path
) -> None:
    photo = make_photo(tmp_path / name, dtype, channels, icc=ADOBE)
    mask = make_mask(tmp_path / "mask.png")
    out = tmp_path / "out"
    generate(
        tmp_path / name,
        tmp_path / "mask.png",
        "-o",
        out,
        "-n",
        2,
        "--seed",
        7,
        "--preset",
        "fast",
        "--in-process",
    )
    suffix = ".tif" if dtype == np.float32 else ".png"
    names = sorted(path.name for path in out.iterdir())
    assert names == sorted([f"01{suffix}", f"02{suffix}", "contact-sheet.png", "layers.ora", "report.json"])
    for number in (1, 2):
        made = read_photo(out / f"{number:02d}{suffix}")
        assert made.pixels.dtype == dtype and made.icc == ADOBE and made.pixels.shape == photo.pixels.shape
        assert made.pixels[mask == 0].tobytes() == photo.pixels[mask == 0].tobytes()
        assert not np.array_equal(made.pixels[mask == 255], photo.pixels[mask == 255])
    assert read_photo(out / "contact-sheet.png").pixels.shape[:2] != photo.pixels.shape[:2]
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert sorted(one["seed"] for one in report["variations"]) == [7, 8]
    assert len(report["configuration"]) == 12 and report["depth"] == np.dtype(dtype).name
    assert all(one["method"] == "exemplar" and np.isfinite(one["score"]) for one in report["variations"])
    assert ("16 bit" in " ".join(report["notes"])) == (dtype == np.float32)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_premultiplied_photo_comes_back_as_it_was_and_straight_in_the_layers(dtype, tmp_path: Path) -> None:
    top = np.iinfo(dtype).max
    pixels = np.random.default_rng(4).integers(0, top // 2, (72, 96, 4)).astype(dtype)
    pixels[..., 3] = top
    pixels[:, 70:, 3] = top // 2
    pixels[:, 90:] = 0
    tifffile.imwrite(tmp_path / "p.tif", pixels, photometric="rgb", extrasamples=["assocalpha"])
    mask = make_mask(tmp_path / "mask.png")
    out = tmp_path / "out"
    done = generate(
        tmp_path / "p.tif", tmp_path / "mask.png", "-o", out, "-n", 1, "--preset", "fast", "--in-process"
    )
    made = read_photo(out / "01.tif")
    assert made.premultiplied and made.pixels.dtype == dtype
    assert made.pixels[mask == 0].tobytes() == pixels[mask == 0].tobytes()
    assert "layers.ora" in done.stderr
    straight = read_photo(tmp_path / "p.tif").straight
    assert not np.array_equal(straight, pixels)
    with zipfile.ZipFile(out / "layers.ora") as archive:
        for name in ("data/layer01.png", "mergedimage.png"):
            shown = imagecodecs.png_decode(archive.read(name))
            assert np.array_equal(shown[mask == 0], straight[mask == 0]), name


def test_layers_hold_the_photo_and_a_variation_each(files) -> None:
    photo, mask, out = files
    generate(photo, mask, "-o", out, "-n", 2, "--preset", "fast", "--in-process")
    with zipfile.ZipFile(out / "layers.ora") as archive:
        assert archive.namelist()[0] == "mimetype" and archive.read("mimetype") == b"image/openraster"
        assert archive.getinfo("mimetype").compress_type == zipfile.ZIP_STORED
        stack = ElementTree.fromstring(archive.read("stack.xml")).find("stack")
        layers = [layer.attrib for layer in stack]
        assert [layer["visibility"] for layer in layers] == ["visible", "hidden", "visible"]
        assert (layers[0]["x"], layers[0]["y"]) == ("39", "30")
        top = np.asarray(Image.open(io.BytesIO(archive.read(layers[0]["src"]))))
        merged = np.asarray(Image.open(io.BytesIO(archive.read("mergedimage.png"))))
        bottom = np.asarray(Image.open(io.BytesIO(archive.read(layers[2]["src"]))))
    selection = np.asarray(Image.open(mask))[30:44, 39:60]
    assert np.array_equal(top[..., 3], selection)
    assert np.array_equal(bottom, read_photo(photo).pixels)
    first = read_photo(out / "01.png").pixels
    assert np.array_equal(merged, first) and np.array_equal(top[:, 1:, :3], first[30:44, 40:60])


def test_the_same_seed_gives_the_same_files(files, tmp_path) -> None:
    photo, mask, _ = files
    for out in ("a", "b"):
        generate(photo, mask, "-o", tmp_path / out, "-n", 1, "--pool", 2, "--seed", 5, "--in-process")
    assert (tmp_path / "a/01.png").read_bytes() == (tmp_path / "b/01.png").read_bytes()


def test_the_photos_own_alpha_serves_as_mask_and_exif_is_kept_upright(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(60, 200, (40, 60, 4)).astype(np.uint8)
    pixels[..., 3] = 255
    pixels[10:20, 10:30, 3] = 0
    pixels[20, 10:30, 3] = 100
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Maker"
    Image.fromarray(pixels).save(tmp_path / "p.png", exif=exif)
    generate(
        tmp_path / "p.png",
        tmp_path / "p.png",
        "-o",
        tmp_path / "out",
        "-n",
        1,
        "--preset",
        "fast",
        "--in-process",
    )
    with Image.open(tmp_path / "out/01.png") as made:
        assert (
            made.size == (40, 60) and made.getexif()[0x010F] == "Maker" and made.getexif().get(0x0112, 1) == 1
        )
        assert (np.asarray(made)[..., 3] == 255).all()


def test_a_full_folder_is_kept_unless_it_is_an_earlier_result_to_overwrite(files) -> None:
    photo, mask, out = files
    out.mkdir()
    (out / "diary.txt").write_text("mine")
    for more in ([], ["--overwrite"]):
        result = generate(photo, mask, "-o", out, "-n", 1, "--preset", "fast", "--in-process", *more, code=2)
        assert "choose another folder" in result.stderr
    assert (out / "diary.txt").read_text() == "mine"
    (out / "diary.txt").rename(out.parent / "diary.txt")
    generate(photo, mask, "-o", out, "-n", 2, "--preset", "fast", "--in-process")
    generate(photo, mask, "-o", out, "-n", 1, "--preset", "fast", "--in-process", "--overwrite")
    assert not (out / "02.png").exists() and (out / "01.png").exists()
    assert not [path for path in out.parent.iterdir() if path.name.startswith(".")]


_RESULT = ["01.png", "contact-sheet.png", "layers.ora", "report.json"]


@pytest.mark.parametrize("kind", ["link", "dangling", "here", "made"])
def test_a_folder_that_is_there_is_filled_and_stays_what_it_is(kind: str, files, monkeypatch) -> None:
    photo, mask, out = files
    real = out.parent / "real"
    if kind != "dangling":
        real.mkdir(mode=0o750)
    if kind in ("link", "dangling"):
        out.symlink_to("real")
    monkeypatch.chdir(real if kind == "here" else out.parent)
    given = {"here": ".", "made": real}.get(kind, out)
    arguments = [photo, mask, "-o", given, "-n", 1, "--preset", "fast", "--in-process"]
    generate(*arguments)
    assert sorted(path.name for path in real.iterdir()) == _RESULT
    before, inode = (real / "01.png").read_bytes(), real.stat().st_ino
    (real / "diary.txt").write_text("mine")
    generate(*arguments, "--overwrite", "--seed", 9)
    assert (real / "01.png").read_bytes() != before and real.stat().st_ino == inode
    assert sorted(path.name for path in real.iterdir()) == sorted([*_RESULT, "diary.txt"])
    assert (real / "diary.txt").read_text() == "mine" and out.is_symlink() == (kind in ("link", "dangling"))
    if kind != "dangling":
        assert real.stat().st_mode & 0o777 == 0o750
    assert not [path for path in out.parent.iterdir() if path.name.startswith(".")]


def test_a_folder_that_cannot_take_the_results_is_found_before_the_work(files, monkeypatch) -> None:
    from pluripaint.cli import _generate

    photo, mask, out = files
    names = ["loop", "dead/end/out", "x" * 300, "photo.png/out", "photo.png", "mine"]
    (out.parent / "loop").symlink_to("loop")
    (out.parent / "dead").symlink_to("dead")
    (out.parent / "mine").mkdir()
    generate(photo, mask, "-o", out.parent / "mine", "-n", 1, "--preset", "fast", "--in-process")
    (out.parent / "mine" / "07.png").write_text("no variation of that result")
    before = {path: path.lstat().st_mtime_ns for path in sorted(out.parent.rglob("*"))}
    begun = []

    def work(*_):
        begun.append(True)
        raise AssertionError

    monkeypatch.setattr(_generate, "_in_process", work)
    for name in names:
        result = generate(photo, mask, "-o", out.parent / name, "--in-process", "--overwrite", code=2)
        assert result.stderr.strip().endswith(".") and "-o" in result.stderr, (name, result.stderr)
    assert not begun
    assert {path: path.lstat().st_mtime_ns for path in sorted(out.parent.rglob("*"))} == before


def test_an_earlier_result_is_back_when_its_successor_cannot_be_put_in_place(files, monkeypatch) -> None:
    photo, mask, out = files
    arguments = [photo, mask, "-o", out, "-n", 1, "--preset", "fast", "--in-process"]
    generate(*arguments)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    rename = Path.rename

    def fails(path: Path, target: Path) -> Path:
        if path.name == "layers.ora" and target.parent == out:
            monkeypatch.undo()
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails)
    assert "no space" in generate(*arguments, "--overwrite", "--seed", 9, code=2).stderr
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from pluripaint.cli import main; "
        "out = CliRunner().invoke(main, ['--help']).output; assert 'generate' in out, out; "
        "print([name for name in ('torch', 'numba', 'numpy', 'PIL', 'cv2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_methods_lists_what_there_is() -> None:
    result = CliRunner().invoke(main, ["methods"], env={"COLUMNS": "200"})
    assert result.exit_code == 0 and "exemplar" in result.output and "Apache-2.0" in result.output
