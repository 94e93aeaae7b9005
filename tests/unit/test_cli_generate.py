"""``pluripaint generate`` and ``methods``, as a person calls them."""

from __future__ import annotations

import ctypes
import hashlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import imagecodecs
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from pluripaint.cli import main
from pluripaint.imaging import Photo, read_photo, write_photo

ADOBE = bytes(imagecodecs.cms_profile("adobergb"))


def _photo(path: Path, dtype=np.uint8, channels=3, shape=(72, 96), **more) -> Photo:
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


def _mask(path: Path, shape=(72, 96)) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    mask[30:44, 40:60] = 255
    mask[30:44, 39] = 90
    Image.fromarray(mask).save(path)
    return mask


def _generate(*arguments: object, code: int = 0):
    result = CliRunner().invoke(main, ["generate", *map(str, arguments)])
    assert result.exit_code == code, (result.output, result.exception)
    return result


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    _photo(tmp_path / "photo.png")
    _mask(tmp_path / "mask.png")
    return tmp_path / "photo.png", tmp_path / "mask.png", tmp_path / "out"


@pytest.mark.parametrize(
    ("dtype", "channels", "name"), [(np.uint8, 4, "p.png"), (np.uint16, 3, "p.png"), (np.float32, 3, "p.tif")]
)
def test_each_variation_has_the_photos_depth_profile_and_every_bit_outside(
    dtype, channels, name, tmp_path
) -> None:
    photo = _photo(tmp_path / name, dtype, channels, icc=ADOBE)
    mask = _mask(tmp_path / "mask.png")
    out = tmp_path / "out"
    _generate(
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


def test_layers_hold_the_photo_and_a_variation_each(files) -> None:
    photo, mask, out = files
    _generate(photo, mask, "-o", out, "-n", 2, "--preset", "fast", "--in-process")
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
        _generate(photo, mask, "-o", tmp_path / out, "-n", 1, "--pool", 2, "--seed", 5, "--in-process")
    assert (tmp_path / "a/01.png").read_bytes() == (tmp_path / "b/01.png").read_bytes()


def test_the_photos_own_alpha_serves_as_mask_and_exif_is_kept_upright(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(60, 200, (40, 60, 4)).astype(np.uint8)
    pixels[..., 3] = 255
    pixels[10:20, 10:30, 3] = 0
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Maker"
    Image.fromarray(pixels).save(tmp_path / "p.png", exif=exif)
    _generate(
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
        result = _generate(photo, mask, "-o", out, "-n", 1, "--preset", "fast", "--in-process", *more, code=2)
        assert "choose another folder" in result.stderr
    assert (out / "diary.txt").read_text() == "mine"
    (out / "diary.txt").rename(out.parent / "diary.txt")
    _generate(photo, mask, "-o", out, "-n", 2, "--preset", "fast", "--in-process")
    _generate(photo, mask, "-o", out, "-n", 1, "--preset", "fast", "--in-process", "--overwrite")
    assert not (out / "02.png").exists() and (out / "01.png").exists()
    assert not [path for path in out.parent.iterdir() if path.name.startswith(".")]


def _bad_inputs(folder: Path) -> dict[str, tuple[list[object], str]]:
    """name → (arguments beside -o, words of the sentence)."""
    photo, mask = folder / "photo.png", folder / "mask.png"
    Image.fromarray(np.zeros((72, 96), np.uint8)).save(folder / "black.png")
    Image.fromarray(np.full((72, 96), 255, np.uint8)).save(folder / "white.png")
    Image.fromarray(np.full((72, 90), 255, np.uint8)).save(folder / "narrow.png")
    Image.fromarray(np.zeros((72, 96, 4), np.uint8), "CMYK").save(folder / "inks.jpg")
    (folder / "cut.png").write_bytes(photo.read_bytes()[:900])
    (folder / "cut-mask.png").write_bytes(mask.read_bytes()[:-30])
    (folder / "letter.png").write_text("Dear photograph")
    (folder / "nothing.png").write_bytes(b"")
    moving = [Image.fromarray(np.full((72, 96), shade, np.uint8)) for shade in (0, 255)]
    for kind in ("gif", "png", "webp"):
        moving[0].save(folder / f"moving.{kind}", save_all=True, append_images=moving[1:])
    huge = bytearray(photo.read_bytes())
    huge[16:24] = (90_000).to_bytes(4, "big") * 2
    (folder / "huge.png").write_bytes(huge)
    weights = folder / "home" / "weights"
    weights.mkdir(parents=True)
    for name, about in {
        "damaged": {"method": "put_fdm", "sha256": "0" * 64},
        "foreign": {"method": "tsgl", "sha256": hashlib.sha256(b"numbers").hexdigest()},
        "lonely": None,
    }.items():
        (weights / f"{name}.safetensors").write_bytes(b"numbers")
        if about is not None:
            (weights / f"{name}.json").write_text(json.dumps(about))
    heavy = [photo, mask, "--method", "put_fdm", "--weights"]
    return {
        "no picture": ([folder / "letter.png", mask], "is not a"),
        "no picture as mask": ([photo, folder / "letter.png"], "is not a"),
        "an empty file": ([folder / "nothing.png", mask], "is not a"),
        "mask cut short": ([photo, folder / "cut-mask.png"], "cut short"),
        "a folder as mask": ([photo, folder], "folder"),
        "missing exclusion mask": ([photo, mask, "--exclude", folder / "none.png"], "no file"),
        "a GIF": ([folder / "moving.gif", mask], "convert it"),
        "an animated PNG": ([folder / "moving.png", mask], "animation"),
        "an animated WebP": ([folder / "moving.webp", mask], "animation"),
        "an animation as mask": ([photo, folder / "moving.png"], "animation"),
        "huge": ([folder / "huge.png", mask], "million"),
        "huge mask": ([photo, folder / "huge.png"], "million"),
        "cmyk mask": ([photo, folder / "inks.jpg"], "CMYK"),
        "negative seed": ([photo, mask, "--seed", "-1"], "0<=x<=2147483647"),
        "seed too large": ([photo, mask, "--seed", 2**31], "0<=x<=2147483647"),
        "n that is no number": ([photo, mask, "-n", "four"], "not a valid integer"),
        "weights missing": ([*heavy, "none"], "are not in"),
        "weights outside their folder": ([*heavy, "../weights/damaged"], "no name of weights"),
        "weights corrupt": ([*heavy, "damaged"], "checksum"),
        "weights of another method": ([*heavy, "foreign"], "made for tsgl"),
        "weights without record": ([*heavy, "lonely"], "record cannot be read"),
        "missing photo": ([folder / "none.png", mask], "no file"),
        "missing mask": ([photo, folder / "none.png"], "no file"),
        "cut short": ([folder / "cut.png", mask], "cut short"),
        "a folder": ([folder, mask], "folder"),
        "cmyk": ([folder / "inks.jpg", mask], "CMYK"),
        "another size": ([photo, folder / "narrow.png"], "90 × 72"),
        "exclude of another size": ([photo, mask, "--exclude", folder / "narrow.png"], "exclusion mask"),
        "empty mask": ([photo, folder / "black.png"], "empty"),
        "full mask": ([photo, folder / "white.png"], "whole photo"),
        "no alpha": ([photo, photo], "no transparency"),
        "n = 0": ([photo, mask, "-n", 0], "1<=x<=16"),
        "n = 17": ([photo, mask, "-n", 17], "1<=x<=16"),
        "unknown method": ([photo, mask, "--method", "magic"], "There are: exemplar"),
        "unknown preset": ([photo, mask, "--preset", "magic"], "There are: best, fast"),
        "seed that is no number": ([photo, mask, "--seed", "x"], "not a valid integer"),
        "weights for exemplar": (
            [photo, mask, "--method", "exemplar", "--weights", "w"],
            "without weights|no weights",
        ),
        "pool below n": ([photo, mask, "-n", 4, "--pool", 2], "too small"),
        "odd option": ([photo, mask, "--option", "a"], "NAME=NUMBER"),
        "unknown option": ([photo, mask, "--option", "a=1"], "No method here has an option"),
    }


def test_bad_input_gets_one_sentence_exit_2_and_nothing_is_written(
    files, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path / "home"))
    out = files[2]
    cases = _bad_inputs(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    for name, (arguments, words) in cases.items():
        result = CliRunner().invoke(main, ["generate", *map(str, arguments), "-o", str(out), "--in-process"])
        assert result.exit_code == 2, (name, result.output, result.exception)
        last = result.stderr.strip().splitlines()[-1]
        assert any(word in result.stderr for word in words.split("|")), (name, result.stderr)
        assert last.endswith("."), (name, last)
        assert "Traceback" not in result.stderr
        assert sorted(tmp_path.rglob("*")) == before, name


def _give_up_capabilities() -> None:
    """Root without capabilities owns what it owned before, but may no longer pass over a file's mode."""
    version_3 = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if ctypes.CDLL(None, use_errno=True).capset(version_3, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _without_privileges(arguments: list[str], log: Path) -> int:
    """Run the command in a child for which rights count, also where the tests run as root."""
    child = os.fork()
    if not child:
        code = 99
        try:
            descriptor = os.open(log, os.O_CREAT | os.O_WRONLY, 0o666)
            os.dup2(descriptor, 2)
            sys.stderr = os.fdopen(2, "w")
            if os.geteuid() == 0:
                _give_up_capabilities()
            main(arguments)
        except SystemExit as done:
            code = int(done.code or 0)
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_no_rights_to_read_or_to_write_is_said(tmp_path_factory, tmp_path: Path) -> None:
    folder = Path(os.path.realpath(tmp_path))
    _photo(folder / "photo.png")
    _mask(folder / "mask.png")
    arguments = ["generate", str(folder / "photo.png"), str(folder / "mask.png"), "--in-process", "-o"]
    closed = folder / "closed"
    closed.mkdir(mode=0o555)
    assert _without_privileges([*arguments, str(closed / "out")], folder / "log1") == 2
    assert "may not be written" in (folder / "log1").read_text()
    assert not list(closed.iterdir())
    (folder / "photo.png").chmod(0)
    assert _without_privileges([*arguments, str(folder / "out")], folder / "log2") == 2
    assert "check its rights" in (folder / "log2").read_text()


def _start(*arguments: object, **more) -> subprocess.Popen:
    program = [sys.executable, "-m", "pluripaint.cli", "generate"]
    return subprocess.Popen(
        [*program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def test_a_full_disk_leaves_nothing(files) -> None:
    photo, mask, out = files

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    # Kernels are compiled first, so that the results are what does not fit.
    _generate(photo, mask, "-o", out.parent / "warm", "-n", 1, "--preset", "fast", "--in-process")
    before = sorted(out.parent.iterdir())
    running = _start(
        photo,
        mask,
        "-o",
        out,
        "-n",
        1,
        "--preset",
        "fast",
        "--in-process",
        preexec_fn=small_files,
    )
    _, errors = running.communicate(timeout=300)
    assert running.returncode == 2 and "no space" in errors, errors
    assert sorted(out.parent.iterdir()) == before


def test_ctrl_c_cancels_and_leaves_nothing(tmp_path: Path) -> None:
    _photo(tmp_path / "photo.png", shape=(700, 800))
    mask = np.zeros((700, 800), np.uint8)
    mask[150:550, 200:600] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    before = sorted(tmp_path.iterdir())
    running = _start(
        tmp_path / "photo.png", tmp_path / "mask.png", "-o", tmp_path / "out", "-n", 16, "--in-process"
    )
    while sorted(tmp_path.iterdir()) == before and running.poll() is None:
        time.sleep(0.02)  # until its temporary folder is there: it works now
    running.send_signal(signal.SIGINT)
    asked = time.monotonic()
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 130 and "Cancelled" in errors, errors
    assert time.monotonic() - asked < 30
    assert sorted(tmp_path.iterdir()) == before


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


def test_the_daemon_gets_the_same_job_and_gives_the_same_files(files, tmp_path, monkeypatch) -> None:
    """The wire's messages between this command and the pipeline, without the sockets."""
    from collections import deque

    from pluripaint import pipeline
    from pluripaint.cli import _daemon_job
    from pluripaint.pipeline import FillRequest, RegionPixels
    from pluripaint_client import messages

    class Told:
        cancel_flag = np.zeros(1, np.uint8)

        def __call__(self, *_: object) -> None: ...

    class Loopback:
        @classmethod
        def connect(cls):
            return cls()

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def submit(self, request):
            request.to_message("a" * 32)
            parts = []
            for part in request.regions:
                shape = part.region.height, part.region.width
                pixels = np.frombuffer(part.pixels, request.depth).reshape(*shape, request.channels)
                parts.append(
                    RegionPixels(part.region, pixels, np.frombuffer(part.selection, np.uint8).reshape(shape))
                )
            job = FillRequest(
                parts, request.space, request.count, request.pool, request.preset, seed=request.seed
            )
            *candidates, settled = pipeline.fill(job, Told())
            self.events = deque(
                messages.CandidateReady(
                    "job",
                    one.seed,
                    one.method,
                    one.score,
                    "",
                    [fill.tobytes() for fill in one.fills],
                    list(one.boxes),
                )
                for one in candidates
            )
            self.events.append(
                messages.Done("job", list(zip(settled.methods, settled.seeds)), {}, settled.configuration)
            )
            return "job"

        def poll(self, timeout):
            return self.events.popleft()

    monkeypatch.setattr(_daemon_job, "Client", Loopback)
    photo, mask, out = files
    _generate(photo, mask, "-o", out, "-n", 2, "--seed", 4)
    _generate(photo, mask, "-o", tmp_path / "here", "-n", 2, "--seed", 4, "--in-process")
    for name in ("01.png", "02.png"):
        assert (out / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    reports = [json.loads((folder / "report.json").read_text()) for folder in (out, tmp_path / "here")]
    assert reports[0]["configuration"] == reports[1]["configuration"]
    assert reports[0]["through"] == "the daemon"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("worker-died", 1),
        ("worker-hung", 1),
        ("no-worker", 1),
        ("daemon-stopped", 1),
        ("busy", 1),
        ("too-large", 2),
    ],
)
def test_a_failure_of_the_daemon_is_not_blamed_on_the_input(files, monkeypatch, code, status) -> None:
    from pluripaint.cli import _daemon_job
    from pluripaint_client import messages

    class Failing:
        connect = classmethod(lambda cls: cls())
        __enter__ = lambda self: self  # noqa: E731
        __exit__ = lambda self, *_: None  # noqa: E731

        def submit(self, request):
            return "job"

        def poll(self, timeout):
            return messages.Failed("job", code, "It broke.", "Try again.")

    monkeypatch.setattr(_daemon_job, "Client", Failing)
    photo, mask, out = files
    result = _generate(photo, mask, "-o", out, code=status)
    assert result.stderr.strip().endswith("It broke. Try again.") and not out.exists()


@pytest.fixture
def own_daemon(tmp_path_factory, monkeypatch):
    """A place where no daemon runs yet; whichever is started there is ended, with its worker."""
    from pluripaint import folders
    from pluripaint_client.client import Client

    monkeypatch.setenv("NUMBA_CACHE_DIR", os.environ.get("NUMBA_CACHE_DIR") or str(folders.cache() / "numba"))
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path_factory.mktemp("home")))
    yield
    with Client.connect(start=False) as client:
        client.shutdown()


def test_through_a_real_daemon_ctrl_c_leaves_nothing_and_the_next_job_gives_the_same_bytes(
    files, tmp_path: Path, own_daemon
) -> None:
    photo, mask, out = files
    _photo(tmp_path / "large.png", shape=(700, 800))
    large_mask = np.zeros((700, 800), np.uint8)
    large_mask[150:550, 200:600] = 255
    Image.fromarray(large_mask).save(tmp_path / "large-mask.png")
    before = sorted(tmp_path.iterdir())
    running = _start(tmp_path / "large.png", tmp_path / "large-mask.png", "-o", out, "-n", 16)
    while sorted(tmp_path.iterdir()) == before and running.poll() is None:
        time.sleep(0.02)  # until its temporary folder is there
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 130 and "Cancelled" in errors, errors
    assert sorted(tmp_path.iterdir()) == before
    _generate(photo, mask, "-o", out, "-n", 2, "--seed", 4, "--preset", "fast")
    _generate(photo, mask, "-o", tmp_path / "here", "-n", 2, "--seed", 4, "--preset", "fast", "--in-process")
    for name in ("01.png", "02.png"):
        assert (out / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
