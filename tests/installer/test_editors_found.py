"""Which editors of a user there are, and which Python each can run: made-up homes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from made_up import folders, program, python
from pluripaint_installer.checkout import Checkout
from pluripaint_installer.editors import load
from small_set import REPOSITORY

CHECKOUT = Checkout(REPOSITORY)
KRITARC = "[MainWindow]\nState=äöü\n\n[python]\nenable_other=true\n\n[theme]\nTheme=Breeze"
GIMP, KRITA = load(CHECKOUT, "gimp"), load(CHECKOUT, "krita")


def test_every_kind_of_editor_is_found(tmp_path, home, environ) -> None:
    program(tmp_path / "bin" / "gimp-3.0")
    program(tmp_path / "bin" / "krita")
    app, snap = home / ".var/app/org.gimp.GIMP/config/GIMP/3.0", home / "snap/gimp/current/.config/GIMP/3.0"
    folders(home / ".config/GIMP/2.10", home / ".config/GIMP/2.8", home / ".config/GIMP/3.2", app, snap)
    folders(home / ".var/app/org.kde.krita", home / "snap/krita/current")
    found = GIMP.find(environ, home)
    assert {(one.title, one.profile) for one in found} == {
        ("GIMP 3.0", home / ".config/GIMP/3.0"),
        ("GIMP 2.10 (folder)", home / ".config/GIMP/2.10"),
        ("GIMP 3.2 (folder)", home / ".config/GIMP/3.2"),
        ("GIMP 3.0 (flatpak)", app),
        ("GIMP 3.0 (snap)", snap),
    }
    assert {(one.title, one.config.relative_to(home).as_posix()) for one in KRITA.find(environ, home)} == {
        ("Krita", ".config/kritarc"),
        ("Krita (flatpak)", ".var/app/org.kde.krita/config/kritarc"),
        ("Krita (snap)", "snap/krita/current/.config/kritarc"),
    }


def test_where_there_is_no_editor_none_is_found(home, environ) -> None:
    assert GIMP.find(environ, home) == [] and KRITA.find(environ, home) == []


def test_chosen_folders_are_honoured(tmp_path, home, environ) -> None:
    environ.update(XDG_CONFIG_HOME=str(tmp_path / "c"), XDG_DATA_HOME=str(tmp_path / "d"))
    folders(tmp_path / "c/GIMP/2.10", tmp_path / "d/krita")
    (gimp,), (krita,) = GIMP.find(environ, home), KRITA.find(environ, home)
    assert gimp.profile == tmp_path / "c/GIMP/2.10"
    assert (krita.how, krita.data, krita.config) == ("folder", tmp_path / "d/krita", tmp_path / "c/kritarc")


def test_a_gimp_without_a_number_in_its_name_is_asked(tmp_path, home, environ) -> None:
    program(tmp_path / "bin/gimp", '#!/bin/sh\necho "GNU Image Manipulation Program version 3.2.6"\n')
    (found,) = GIMP.find(environ, home)
    assert (found.version, found.how) == ("3.2", "native")


@pytest.mark.parametrize(
    ("shares", "where"), [("host;", ".var/app/org.gimp.GIMP/config"), ("xdg-config/GIMP;", ".config")]
)
def test_a_flatpak_never_started_is_told_by_its_description(home, environ, shares, where) -> None:
    active = home / ".local/share/flatpak/app/org.gimp.GIMP/current/active"
    folders(active / "files/share/metainfo")
    (active / "metadata").write_text(f"[Context]\nfilesystems={shares}\n")
    about = '<releases><release date="x" version="3.0.4"/><release version="2.99.18"/></releases>'
    (active / "files/share/metainfo/org.gimp.GIMP.appdata.xml").write_text(about)
    (found,) = GIMP.find(environ, home)
    assert (found.title, found.profile) == ("GIMP 3.0 (flatpak)", home / where / "GIMP/3.0")


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_folders_on_other_systems(home, platform) -> None:
    """After their makers' pages; untried."""
    environ = {"PATH": "", "APPDATA": str(home / "Roaming"), "LOCALAPPDATA": str(home / "Local")}
    gimp = {"darwin": "Library/Application Support/GIMP/3.0", "win32": "Roaming/GIMP/3.0"}[platform]
    krita = {"darwin": "Library/Application Support/krita", "win32": "Roaming/krita"}[platform]
    config = {"darwin": "Library/Preferences/kritarc", "win32": "Local/kritarc"}[platform]
    folders(home / gimp, home / krita)
    assert [one.profile for one in GIMP.find(environ, home, platform)] == [home / gimp]
    (found,) = KRITA.find(environ, home, platform)
    assert (found.data, found.config) == (home / krita, home / config)


# ------------------------------------------------------------------------------------------------ which Python


def found_python(monkeypatch, *programs: str):
    monkeypatch.setattr(GIMP, "_pythons", lambda path: iter(programs))
    return GIMP.find_python("")


def test_the_first_python_with_gtk_wins(tmp_path, monkeypatch) -> None:
    bare, half = python(tmp_path / "a", 0, 0), python(tmp_path / "b", 1, 0)
    whole, other = python(tmp_path / "c", 1, 1), python(tmp_path / "d", 1, 1)
    assert found_python(monkeypatch, bare, half, whole, other).path == whole
    assert found_python(monkeypatch, bare, half).path == half
    assert found_python(monkeypatch, bare).path == bare
    assert found_python(monkeypatch) is None


def test_a_python_unfit_for_a_first_line_is_passed_over(tmp_path, monkeypatch) -> None:
    unfit = [
        python(tmp_path / "with space", 1, 1),
        python(tmp_path / ("long" * 40), 1, 1),
        python(tmp_path / "venv", 1, 1, virtual=1),
        python(tmp_path / "old", 1, 1, minor=7),
        str(program(tmp_path / "broken", "#!/bin/sh\nexit 1\n")),
        str(tmp_path / "absent"),
    ]
    assert found_python(monkeypatch, *unfit) is None


def test_the_systems_own_python_comes_before_those_on_path(tmp_path) -> None:
    python(tmp_path / "python3", 1, 1)
    asked = list(GIMP._pythons(str(tmp_path)))
    assert str(tmp_path / "python3") in asked
    if os.access("/usr/bin/python3", os.X_OK):
        assert asked[0] == "/usr/bin/python3"


@pytest.mark.parametrize(
    ("how", "version", "line"),
    [
        ("native", "2.10", "/p"),
        ("native", "3.0", "/p"),
        ("folder", "2.10", "/p"),
        ("folder", "3.0", "/usr/bin/env python3"),
        ("flatpak", "3.0", "/usr/bin/env python3"),
        ("snap", "3.0", "/usr/bin/env python3"),
    ],
)
def test_a_gimp_with_its_own_python_is_left_to_find_it(how, version, line) -> None:
    assert GIMP.first_line(GIMP.Home(version, how, Path("/x")), GIMP.Python("/p", True, True)) == line
