"""The installer on a bare machine: an unprivileged user in a fresh Debian root folder with only ``python3``.

Needs root, mmdebstrap and Debian's packages, so it is collected only where PLURIPAINT_BARE_MACHINE is set: "small"
with the small set of wheels, "real" with the real package and the real torch. The root folder is kept outside the
clone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_set import REPOSITORY, make_checkout, make_wheels

SUITE = "bookworm"
USER = 4711


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pluripaint-tests"


def fresh_root() -> Path:
    """A Debian root folder with python3 and what that needs; neither pip nor ensurepip."""
    root = cache() / f"root-bare-{SUITE}"
    if not (root / ".ready").exists():
        shutil.rmtree(root, ignore_errors=True)
        root.parent.mkdir(parents=True, exist_ok=True)
        stale = ["--aptopt=Acquire::Check-Valid-Until false"]
        make = [
            "mmdebstrap",
            "--mode=root",
            "--variant=minbase",
            "--include=python3",
            *stale,
            SUITE,
            str(root),
        ]
        subprocess.run(make, check=True, stdin=subprocess.DEVNULL)
        (root / "dev" / "shm").mkdir(mode=0o1777, exist_ok=True)
        (root / "dev" / "shm").chmod(0o1777)
        (root / ".ready").touch()
    return root


def real_wheels() -> Path:
    """Every wheel of a real installation for the root folder's Python, from this machine's package index."""
    folder = cache() / f"wheels-{SUITE}"
    pins = REPOSITORY / "installer" / f"constraints-3.{sys.version_info[1]}.txt"
    pip = [sys.executable, "-m", "pip"]
    fetch = [*pip, "download", "--quiet", "--prefer-binary", "--dest", str(folder), "--constraint", str(pins)]
    subprocess.run([*fetch, "pip", "hatchling", "torch", str(REPOSITORY)], check=True)
    for own in folder.glob("pluripaint-*"):
        own.unlink()
    return folder


@pytest.fixture
def machine(tmp_path):
    """The root folder with a user, the wheels and two checkouts, one of them broken; gone afterwards."""
    root = fresh_root()
    home, stage = root / "home" / "änna", root / "srv" / "pluripaint"
    for folder in (home, stage):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    (root / "etc" / "passwd").write_text(
        f"root:x:0:0::/root:/bin/sh\nanna:x:{USER}:{USER}::/home/änna:/bin/sh\n"
    )
    if os.environ["PLURIPAINT_BARE_MACHINE"] == "real":
        shutil.copytree(real_wheels(), stage / "wheels")
        whole, broken = stage / "checkout", stage / "broken"
        for target in (whole, broken):
            hidden = shutil.ignore_patterns(".git", "__pycache__")
            shutil.copytree(REPOSITORY, target, ignore=hidden)
        (broken / "daemon" / "pluripaint" / "pipeline" / "fill.py").write_text(
            "raise RuntimeError('broken')\n"
        )
    else:
        make_wheels(stage / "wheels")
        whole = make_checkout(stage / "checkout", "1.0")
        broken = make_checkout(stage / "broken", "1.1", "proof")
    shutil.copy(Path(__file__).with_name("bare_scenario.py"), stage)
    os.chown(home, USER, USER)
    yield root
    for folder in (home, stage):
        shutil.rmtree(folder)


@pytest.mark.timeout(1800)
def test_install_upgrade_failure_and_removal_on_a_bare_machine(machine) -> None:
    inside = "/srv/pluripaint"
    # Namespaces of its own: its /proc shows its processes only, and whatever is left running ends with it.
    apart = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-c"]
    start = f'ip link set lo up 2>/dev/null; mount -t proc proc "{machine}/proc" && exec "$@"'
    user = ["chroot", f"--userspec={USER}:{USER}", str(machine), "/usr/bin/env", "-i", "HOME=/home/änna"]
    script = ["PATH=/usr/bin:/bin", "LANG=C.UTF-8", "python3", f"{inside}/bare_scenario.py"]
    places = [f"{inside}/wheels", f"{inside}/checkout", f"{inside}/broken"]
    done = subprocess.run(
        [*apart, start, "sh", *user, *script, *places], stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0 and done.stdout.endswith("Nothing is left.\n")
