"""What ``pluripaint doctor`` says of the editors, and the zip for Krita's importer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from daemons import Daemon
from made_up import folders, program, python, tree
from pluripaint_installer.checkout import Checkout
from pluripaint_installer.editors import load
from small_set import REPOSITORY

from pluripaint.cli import _editors, doctor, krita_zip
from pluripaint_client import connection as places

GIMP, KRITA = load(Checkout(REPOSITORY), "gimp"), load(Checkout(REPOSITORY), "krita")
IMPORTER = Path("/usr/share/krita/pykrita/plugin_importer/plugin_importer.py")


class User:
    """A user with GIMP 2.10, GIMP 3.0 and Krita, the plug-in in each."""

    def __init__(self, root: Path) -> None:
        self.home, self.programs = root / "änna bö", root / "bin"
        self.home.mkdir()
        for name in ("gimp-2.10", "gimp-3.0", "krita"):
            program(self.programs / name)
        folders(self.home / ".config/GIMP/3.0")
        self.python = python(root / "python", 1, 1)
        for one in GIMP.find({"PATH": str(self.programs)}, self.home):
            GIMP.install(one, self.python)
        KRITA.install(self.krita, self.home / ".config/kritarc")

    def profile(self, version: str) -> Path:
        return self.home / ".config/GIMP" / version

    def plug_in(self, version: str) -> Path:
        return self.profile(version) / "plug-ins/pluripaint"

    @property
    def krita(self) -> Path:
        return self.home / ".local/share/krita"

    def started(self, version: str, text: str) -> None:
        """GIMP looked at its plug-ins after the plug-in was put there."""
        (self.profile(version) / "pluginrc").write_text(text)


@pytest.fixture
def user(tmp_path, monkeypatch) -> User:
    made = User(tmp_path)
    for key in [key for key in os.environ if key.startswith("XDG_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("HOME", str(made.home))
    monkeypatch.setenv("PATH", str(made.programs))
    monkeypatch.delenv("PLURIPAINT_HOME", raising=False)
    monkeypatch.setattr(places, "real_home", lambda: made.home)
    return made


def said(title: str) -> list[tuple[str, str]]:
    """State and words of what is said about one editor."""
    found = [one for one in _editors.editors() if one.what.startswith(f"{title}: ")]
    return [(one.state, f"{one.what} → {one.next_step}") for one in found]


def test_where_all_is_well_folder_python_and_start_are_named(user) -> None:
    for title, place in (
        ("GIMP 2.10", user.plug_in("2.10")),
        ("GIMP 3.0", user.plug_in("3.0")),
        ("Krita", user.krita / "pykrita/pluripaint_krita"),
    ):
        ((state, words),) = said(title)
        assert state == "ok" and str(place) in words and "not started since" in words
        assert title == "Krita" or f"run by {user.python}" in words


def test_the_last_start_is_told_by_what_the_editor_wrote(user) -> None:
    user.started("2.10", '(plug-in-def "${gimp_dir}/plug-ins/pluripaint/pluripaint.py" 1)')
    assert "taken by GIMP, last started 20" in said("GIMP 2.10")[0][1]
    compiled = user.krita / "pykrita/pluripaint_krita/__pycache__/__init__.cpython-311.pyc"
    compiled.parent.mkdir()
    compiled.touch()
    assert "first loaded by Krita 20" in said("Krita")[0][1]


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def append(file: Path) -> None:
    write(file, file.read_text("utf-8") + "# changed\n")


def without_gtk(user: User, version: str) -> None:
    """The Python of the plug-in lost its typelibs."""
    entry = user.plug_in(version) / "pluripaint.py"
    bare = python(user.home.parent / "bare", 1, 0)
    write(entry, GIMP.entry_text(entry, bare))


FAULTS: dict[str, tuple[str, str, Callable[[User], object], list[str]]] = {
    "run bit": (
        "GIMP 2.10", "bad", lambda user: (user.plug_in("2.10") / "pluripaint.py").chmod(0o644), ["run bit", "chmod +x"]
    ),
    "python gone": ("GIMP 2.10", "bad", lambda user: Path(user.python).unlink(), ["does not run", "installer again"]),
    "no window": ("GIMP 2.10", "note", lambda user: without_gtk(user, "2.10"), ["last settings", "Install "]),
    "no GTK": ("GIMP 3.0", "bad", lambda user: without_gtk(user, "3.0"), ["has no GTK 3", "Install "]),
    "other version": (
        "GIMP 3.0", "bad", lambda user: append(user.plug_in("3.0") / "pluripaint_client/client.py"), ["another version"]
    ),
    "zip folder": (
        "GIMP 3.0",
        "bad",
        lambda user: user.plug_in("3.0").rename(user.profile("3.0") / "plug-ins/pluripaint-main"),
        ["pluripaint-main, where GIMP does not look"],
    ),
    "not there": ("GIMP 3.0", "note", lambda user: shutil.rmtree(user.plug_in("3.0")), ["--editors gimp-3.0"]),
    "scripts": (
        "GIMP 3.0", "note", lambda user: shutil.rmtree(user.profile("3.0") / "interpreters"), ["old gimpfu scripts"]
    ),
    "shim gone": (
        "GIMP 2.10",
        "bad",
        lambda user: write(user.profile("2.10") / "environ/pluripaint-gimpfu.env", ": PYTHONPATH=/gone\n"),
        ["sent to /gone"],
    ),
    "not taken": ("GIMP 2.10", "bad", lambda user: user.started("2.10", "(others)"), ["did not take", "--verbose"]),
    "half": (
        "Krita", "bad", lambda user: (user.krita / "pykrita/pluripaint_krita.desktop").unlink(), ["side by side"]
    ),
    "off": ("Krita", "bad", lambda user: KRITA.switch(user.home / ".config/kritarc", False), ["Plugin Manager"]),
    "old": ("Krita", "bad", lambda user: append(user.krita / "actions/pluripaint_krita.action"), ["another version"]),
    "never": ("Krita", "note", lambda user: KRITA.remove(user.krita, Path("/nonexistent")), ["--editors krita"]),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_fix(user, fault) -> None:
    title, state, do, words = FAULTS[fault]
    do(user)
    told = [text for kind, text in said(title) if kind == state]
    assert len(told) == 1 and all(word in told[0] for word in words), said(title)


class Flatpak:
    """Krita as a flatpak of this user, the plug-in in it."""

    name = "org.kde.krita"

    def __init__(self, user: User) -> None:
        self._place = user.home / ".local/share/flatpak"
        self._active = self._place / "app" / self.name / "current/active"
        folders(self._active, self._place / "overrides")
        app = user.home / ".var/app" / self.name
        KRITA.install(app / "data/krita", app / "config/kritarc")
        self.wishes("shared=network;ipc;", "filesystems=host;")

    def wishes(self, *lines: str) -> None:
        (self._active / "metadata").write_text("\n".join(["[Application]", "name=x", "[Context]", *lines]))

    def override(self, *lines: str, of: str = name) -> None:
        """As the command “flatpak override” does it."""
        (self._place / "overrides" / of).write_text("\n".join(["[Context]", *lines]))

    @staticmethod
    def said() -> list[tuple[str, str]]:
        return said("Krita (flatpak)")


@pytest.fixture
def running(user) -> Iterator[Daemon]:
    """A daemon where this user's editors look for it."""
    daemon = Daemon(user.home / ".local/share/pluripaint")
    yield daemon
    daemon.close()


@pytest.fixture
def at_login(user) -> None:
    file = user.home / ".config/autostart/pluripaint-daemon.desktop"
    folders(file.parent)
    daemon = program(user.home.parent / "pluripaint-daemon")
    write(file, f'[Desktop Entry]\nExec="{daemon}"\n')


def test_a_flatpak_shut_off_from_the_network_is_told_how_to_open_it(user, running, at_login) -> None:
    flatpak = Flatpak(user)
    assert [state for state, _ in flatpak.said()] == ["ok"]
    flatpak.wishes("shared=ipc;", "filesystems=host;")
    ((state, words),) = flatpak.said()
    assert state == "bad" and "flatpak override --user --share=network org.kde.krita" in words
    flatpak.override("shared=network;")
    assert [state for state, _ in flatpak.said()] == ["ok"], "the advice was followed"
    flatpak.override("shared=!network;", of="global")
    flatpak.wishes("shared=network;", "filesystems=host;")
    (user.home / ".local/share/flatpak/overrides/org.kde.krita").unlink()
    assert "--share=network" in flatpak.said()[0][1], "somebody took it away from all flatpaks"


@pytest.mark.parametrize(
    ("filesystems", "state"),
    [
        ("host;", "ok"),
        ("home:ro;", "ok"),
        ("~/.local/share/pluripaint:ro;", "ok"),
        ("xdg-data/pluripaint;", "ok"),
        ("xdg-data;", "ok"),
        ("{folder}:ro;", "ok"),
        ("xdg-pictures;/media;", "bad"),
        ("xdg-data/krita;~/.local/share/pluripaint-old", "bad"),
        ("host;!host;", "bad"),
        ("", "bad"),
    ],
)
def test_a_flatpak_that_cannot_see_the_connection_file_is_told_how_to_open_it(
    user, running, at_login, filesystems, state
) -> None:
    flatpak, folder = Flatpak(user), user.home / ".local/share/pluripaint"
    flatpak.wishes("shared=network;", f"filesystems={filesystems.format(folder=folder)}")
    ((found, words),) = flatpak.said()
    assert found == state
    if state == "bad":
        assert f"flatpak override --user --filesystem='{folder}:ro' org.kde.krita" in words
        flatpak.override(f"filesystems={folder}:ro;")
        assert [found for found, _ in flatpak.said()] == ["ok"], "the advice was followed"


def test_an_editor_in_a_sandbox_needs_a_daemon_that_somebody_else_starts(user) -> None:
    (state, words), *more = Flatpak(user).said()
    assert state == "bad" and "does not run now" in words and "pluripaint daemon start" in words and not more
    assert [state for state, _ in said("Krita")] == ["ok"], "one outside starts its daemon itself"


def test_a_daemon_that_runs_today_only_is_told_of(user, running) -> None:
    states = dict(Flatpak(user).said())
    assert set(states) == {"ok", "note"} and "--no-autostart" in states["note"]


def test_a_snap_that_does_not_find_the_daemon_is_told_how_to_have_it_do(user, at_login) -> None:
    snap = user.home / "snap/krita"
    KRITA.install(snap / "current/.local/share/krita", snap / "current/.config/kritarc")
    daemon = Daemon(user.home / ".local/share/pluripaint")
    try:
        ((state, words),) = said("Krita (snap)")
        assert state == "bad" and str(snap / "common/pluripaint") in words and "daemon restart" in words
        places.write(snap / "common/pluripaint/connection.json", daemon.connection)
        assert [state for state, _ in said("Krita (snap)")] == ["ok"]
        assert said("Krita (snap)")[0][1].count("snap/krita")
    finally:
        daemon.close()


@pytest.mark.parametrize(("status", "lacking"), [(0, False), (1, True)])
def test_a_krita_without_pyqt_is_told_by_the_systems_python(monkeypatch, status, lacking) -> None:
    if not os.access("/usr/bin/python3", os.X_OK):
        pytest.skip("there is no /usr/bin/python3")
    answer = subprocess.CompletedProcess([], status)
    monkeypatch.setattr(KRITA.subprocess, "run", lambda *command, **more: answer)
    assert KRITA.Home("native", Path("/d"), Path("/c"), "/usr/bin/krita").lacks_python is lacking
    assert not KRITA.Home("native", Path("/d"), Path("/c"), "/opt/krita/bin/krita").lacks_python


def test_doctor_ends_with_a_status_that_says_whether_all_works(user, monkeypatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [one for one in doctor.CHECKS if one[0] == "Editors"])
    assert CliRunner().invoke(doctor.command).exit_code == 0
    KRITA.switch(user.home / ".config/kritarc", False)
    done = CliRunner().invoke(doctor.command)
    assert done.exit_code == 1 and "  ✗ Krita: " in done.output and "    → Tick it" in done.output


# ------------------------------------------------------------------------------------------------ the zip


def test_the_zip_holds_the_plug_in_in_a_folder_that_the_importer_knows(tmp_path) -> None:
    done = CliRunner().invoke(krita_zip.command, [str(tmp_path / "ü.zip")])
    assert done.exit_code == 0 and done.output.strip() == str(tmp_path / "ü.zip")
    shutil.unpack_archive(tmp_path / "ü.zip", tmp_path / "out")
    names = {place.replace("pykrita/", "") for _, place in KRITA.contents()}
    assert {path for path, content in tree(tmp_path / "out").items() if content is not False} == names
    assert "pluripaint_krita/" in zip_names(tmp_path / "ü.zip")


def zip_names(file: Path) -> list[str]:
    with zipfile.ZipFile(file) as archive:
        return archive.namelist()


def test_a_zip_that_cannot_be_written_is_one_sentence(tmp_path) -> None:
    done = CliRunner().invoke(krita_zip.command, [str(tmp_path / "absent" / "x.zip")])
    assert done.exit_code == 1 and "cannot be written" in done.output and "Traceback" not in done.output


@pytest.mark.skipif(not IMPORTER.exists(), reason="no Krita of a distribution is here")
def test_kritas_own_importer_takes_the_zip(tmp_path) -> None:
    KRITA.pack(tmp_path / "p.zip")
    (tmp_path / "imported").mkdir()
    subprocess.run(
        [sys.executable, "-B", str(IMPORTER), str(tmp_path / "p.zip"), str(tmp_path / "imported")],
        check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    KRITA.install(tmp_path / "installed", tmp_path / "kritarc")
    assert tree(tmp_path / "imported") == tree(tmp_path / "installed")
