"""What ``pluripaint generate`` cannot do: one sentence, exit 2, nothing written."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import resource
import sys
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from generating import generate, make_mask, make_photo, start
from PIL import Image

from pluripaint.cli import main


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
    os.mkfifo(folder / "pipe")
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
        "weights without record": ([*heavy, "lonely"], "lonely.safetensors cannot be read"),
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
        "a context that is no number": ([photo, mask, "--context", "nan"], "is no number"),
        "a pipe": ([folder / "pipe", mask], "no ordinary file"),
        "odd option": ([photo, mask, "--option", "a"], "NAME=NUMBER"),
        "unknown option": ([photo, mask, "--option", "a=1"], "No method here has an option"),
    }


def test_a_variable_that_is_no_number_is_refused(files, monkeypatch) -> None:
    monkeypatch.setenv("PLURIPAINT_IDLE_SECONDS", "soon")
    photo, mask, out = files
    result = generate(photo, mask, "-o", out, "--in-process", code=2)
    assert "PLURIPAINT_IDLE_SECONDS" in result.stderr and not out.exists()


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
    make_photo(folder / "photo.png")
    make_mask(folder / "mask.png")
    arguments = ["generate", str(folder / "photo.png"), str(folder / "mask.png"), "--in-process", "-o"]
    closed = folder / "closed"
    closed.mkdir(mode=0o555)
    assert _without_privileges([*arguments, str(closed / "out")], folder / "log1") == 2
    assert "may not be written" in (folder / "log1").read_text()
    assert not list(closed.iterdir())
    # Only what is above the empty folder is closed, as above a disk's mount point: that is no trouble.
    (folder / "above" / "out").mkdir(parents=True)
    (folder / "above").chmod(0o555)
    quick = ["-n", "1", "--preset", "fast"]
    assert _without_privileges([*arguments, str(folder / "above" / "out"), *quick], folder / "log3") == 0
    assert (folder / "above" / "out" / "report.json").is_file()
    (folder / "photo.png").chmod(0)
    assert _without_privileges([*arguments, str(folder / "out")], folder / "log2") == 2
    assert "check its rights" in (folder / "log2").read_text()


def test_a_full_disk_leaves_nothing(files) -> None:
    photo, mask, out = files

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    # Kernels are compiled first, so that the results are what does not fit.
    generate(photo, mask, "-o", out.parent / "warm", "-n", 1, "--preset", "fast", "--in-process")
    before = sorted(out.parent.iterdir())
    running = start(
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
