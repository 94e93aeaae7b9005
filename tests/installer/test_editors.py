"""The plug-in put into every editor of a user and taken away again: made-up homes, small programs as editors."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import Machine
from made_up import folders, program, running, tree
from pluripaint_installer.checkout import Checkout
from pluripaint_installer.editors import Editors, load
from pluripaint_installer.manifest import Manifest
from pluripaint_installer.trouble import Trouble
from small_set import REPOSITORY, make_checkout, make_wheels

CHECKOUT = Checkout(REPOSITORY)
KRITARC = "[MainWindow]\nState=äöü\n\n[python]\nenable_other=true\n\n[theme]\nTheme=Breeze"
GIMP, KRITA = load(CHECKOUT, "gimp"), load(CHECKOUT, "krita")


@pytest.mark.parametrize(
    ("version", "gi", "gtk", "files", "words"),
    [
        ("2.10", 1, 1, [], []),
        ("2.10", 1, 0, [], ["last settings", "needs gir1.2-gtk-3.0:"]),
        ("2.10", 0, 0, [], ["last settings", "needs python3-gi and gir1.2-gtk-3.0:"]),
        ("2.10", 0, 0, ["Gtk-3.0.typelib"], ["last settings", "needs python3-gi:"]),
        ("3.0", 1, 0, [], ["It needs gir1.2-gtk-3.0:"]),
    ],
)
def test_what_the_window_lacks_is_named(
    tmp_path, home, environ, monkeypatch, version, gi, gtk, files, words
) -> None:
    monkeypatch.setattr("glob.glob", lambda *pattern, **more: files)
    program(tmp_path / "bin" / f"gimp-{version}")
    monkeypatch.setattr(GIMP.shutil, "which", lambda name, **more: name if name == "apt-get" else None)
    chosen = GIMP.Python("/p", bool(gi), bool(gtk))
    said = install(
        environ, home, "gimp", tmp_path, lambda one: setattr(one.gimp, "find_python", lambda path: chosen)
    )
    assert all(word in said for word in words) and (words or "install" not in said)


def install(environ, home: Path, wanted: str, tmp_path: Path, prepare=lambda editors: None) -> str:
    """The installer's step for editors by itself; what it says."""
    editors = Editors(CHECKOUT, wanted, environ, home, "linux")
    prepare(editors)
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pluripaint_installer.editors.say", lines.append)
        editors.install(Manifest.load(tmp_path / "manifest.json"), starts_at_login=True)
    return "\n".join(lines)


def test_settings_that_gimp_would_take_over_are_not_lost(tmp_path, home, environ) -> None:
    """GIMP looks for an older version's settings only while its own folder is missing."""
    program(tmp_path / "bin" / "gimp-3.0")
    folders(home / ".config/GIMP/2.10")
    (new, old) = GIMP.find(environ, home)
    assert new.would_migrate and not old.would_migrate
    said = install(environ, home, "gimp-3.0", tmp_path)
    assert "start it once" in said and not new.profile.exists()


def test_a_profile_made_for_gimp_has_the_folders_that_gimp_makes(tmp_path, home, environ) -> None:
    """Into a profile that is there GIMP puts none, and then complains that it cannot save into them."""
    program(tmp_path / "bin/gimp-2.10")
    folders(home / ".config/GIMP/3.0")
    install(environ, home, "gimp", tmp_path)
    assert (home / ".config/GIMP/2.10/gradients").is_dir()
    assert not (home / ".config/GIMP/3.0/gradients").exists(), "that one is GIMP's own affair"


def test_a_gimp_with_python_2_of_its_own_keeps_it(tmp_path, home, environ) -> None:
    program(tmp_path / "bin/gimp-2.10")
    folders(tmp_path / "lib/gimp/2.0/python")
    (tmp_path / "lib/gimp/2.0/python/gimpfu.py").write_text("")
    install(environ, home, "gimp", tmp_path)
    profile = home / ".config/GIMP/2.10"
    assert (profile / "plug-ins/pluripaint/pluripaint.py").exists()
    assert not list(profile.glob("interpreters/*")) and not list(profile.glob("environ/*"))


# ------------------------------------------------------------------------------------------------ whole runs


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    return make_checkout(tmp_path_factory.mktemp("checkouts") / "a chéckout", "1.0")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> Path:
    return make_wheels(tmp_path_factory.mktemp("set") / "wheels")


@pytest.fixture(scope="module")
def furnished(tmp_path_factory, wheels) -> Machine:
    """A user with every kind of editor, one of whose profiles cannot be written."""
    machine = Machine(tmp_path_factory.mktemp("machine") / "Bäume & Co", wheels)
    machine.root.mkdir()
    machine.environment()
    user = machine.user
    programs = machine.root / "bin"
    program(programs / "gimp-2.10")
    program(programs / "krita")
    folders(user / ".config/GIMP/3.0", user / ".config/GIMP/3.2/plug-ins/mine")
    (user / ".config/GIMP/3.0/plug-ins").write_text("a file where a folder should be")
    (user / ".config/GIMP/3.2/gimprc").write_text("(theme dark)\n")
    folders(user / ".var/app/org.gimp.GIMP/config/GIMP/3.0", user / ".var/app/org.kde.krita")
    folders(user / "snap/gimp/current/.config/GIMP/3.0", user / "snap/krita/current")
    (user / ".config/kritarc").write_text(KRITARC)
    machine.extra = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "XDG_CONFIG_HOME": str(user / ".config"),
        "XDG_DATA_HOME": str(user / ".local/share"),
    }
    return machine


@pytest.fixture(scope="module")
def before(furnished) -> dict[str, object]:
    return tree(furnished.user)


@pytest.fixture(scope="module")
def planned(furnished, before, checkout) -> str:
    done = furnished.install(checkout, "--editors", "auto", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert tree(furnished.user) == before
    return done.stdout


@pytest.fixture(scope="module")
def installed(furnished, planned, checkout) -> Iterator[str]:
    done = furnished.install(checkout, "--editors", "auto")
    assert done.returncode == 0, done.stdout + done.stderr
    yield done.stdout
    furnished.stop()


PROFILES = {
    "GIMP 2.10": ".config/GIMP/2.10",
    "GIMP 3.2 (folder)": ".config/GIMP/3.2",
    "GIMP 3.0 (flatpak)": ".var/app/org.gimp.GIMP/config/GIMP/3.0",
    "GIMP 3.0 (snap)": "snap/gimp/current/.config/GIMP/3.0",
}
KRITAS = {
    "Krita": (".local/share/krita", ".config/kritarc"),
    "Krita (flatpak)": (".var/app/org.kde.krita/data/krita", ".var/app/org.kde.krita/config/kritarc"),
    "Krita (snap)": ("snap/krita/current/.local/share/krita", "snap/krita/current/.config/kritarc"),
}


def about(said: str, title: str) -> str:
    (line,) = [line for line in said.splitlines() if line.startswith(f"    {title}: ")]
    return line


@pytest.mark.parametrize("title", PROFILES)
def test_gimp_gets_a_plug_in_that_it_will_run(furnished, installed, title) -> None:
    profile = furnished.user / PROFILES[title]
    plug_in = profile / "plug-ins/pluripaint"
    entry = plug_in / "pluripaint.py"
    assert str(plug_in) in about(installed, title)
    assert os.access(entry, os.X_OK) and (plug_in / "pluripaint_client/client.py").is_file()
    line = entry.read_text("utf-8").splitlines()[0][2:]
    named = (profile / "interpreters/pluripaint-gimpfu.interp").read_text("utf-8")
    if title == "GIMP 2.10":
        assert os.path.isabs(line) and os.access(line, os.X_OK) and f"python2={line}\n" in named
    else:
        assert line == "/usr/bin/env python3" and "python2=python3\n" in named
    (variable,) = (profile / "environ/pluripaint-gimpfu.env").read_text("utf-8").splitlines()
    shim = Path(variable.partition("PYTHONPATH=")[2])
    assert shim == plug_in / "shim" and (shim / "gimpfu.py").is_file()


def test_the_plug_in_imports_its_parts_from_its_own_folder(furnished, installed) -> None:
    folder = furnished.user / PROFILES["GIMP 2.10"] / "plug-ins/pluripaint"
    code = "import pluripaint_gimp.actions, pluripaint_client; print(pluripaint_client.__file__)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {code}"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == str(folder / "pluripaint_client/__init__.py"), done.stderr


@pytest.mark.parametrize("title", KRITAS)
def test_krita_gets_a_plug_in_that_is_on(furnished, installed, title) -> None:
    data, config = (furnished.user / part for part in KRITAS[title])
    assert "switched on" in about(installed, title)
    assert (data / "pykrita/pluripaint_krita.desktop").is_file()
    assert (data / "pykrita/pluripaint_krita/vendor/pluripaint_client/client.py").is_file()
    assert (data / "actions/pluripaint_krita.action").is_file()
    lines = config.read_text("utf-8").splitlines()
    assert lines[lines.index("[python]") + 1] == "enable_pluripaint_krita=true"


def test_one_that_cannot_be_written_is_named_and_the_rest_goes_on(furnished, installed) -> None:
    line = about(installed, "GIMP 3.0 (folder)")
    assert "not installed" in line and str(furnished.user / ".config/GIMP/3.0/plug-ins") in line
    assert not (furnished.user / ".config/GIMP/3.0/environ").exists()


def test_a_sandboxed_editor_is_told_who_starts_the_daemon(installed) -> None:
    assert "cannot start the daemon: it starts at login" in installed


def test_what_others_wrote_stays(furnished, installed, before) -> None:
    now = tree(furnished.user)
    changed = {path for path, content in before.items() if now[path] != content}
    assert changed == {".config/kritarc"}
    assert set(KRITARC.splitlines()) <= set(now[".config/kritarc"].decode().splitlines())


def test_the_dry_run_had_named_every_file(furnished, installed, planned, before) -> None:
    named = {
        line.split(None, 1)[1].split(" (")[0]
        for line in planned.splitlines()
        if line.startswith(("write", "edit"))
    }
    made = {
        str(furnished.user / path)
        for path, content in tree(furnished.user).items()
        if path not in before and isinstance(content, bytes)
    }
    assert made and made <= named, sorted(made - named)
    assert not [
        path
        for path in named
        if path.startswith(str(furnished.user / ".config/GIMP/2.10")) and path not in made
    ]


def test_an_upgrade_replaces_the_plug_in_whole(furnished, installed, checkout) -> None:
    with_rubbish = furnished.user / PROFILES["GIMP 2.10"] / "plug-ins/pluripaint"
    krita = furnished.user / KRITAS["Krita"][0] / "pykrita/pluripaint_krita"
    fresh = tree(furnished.user)
    for folder in (with_rubbish, krita):
        (folder / "an_old_module.py").write_text("")
    (with_rubbish / "pluripaint.py").write_text("#!/gone\n")
    done = furnished.install(checkout, "--editors", "auto")
    assert done.returncode == 0, done.stderr
    assert tree(furnished.user) == fresh


def test_editors_that_are_not_named_are_left_as_they_are(furnished, installed, checkout) -> None:
    mark = furnished.user / PROFILES["GIMP 2.10"] / "plug-ins/pluripaint/mark"
    other = furnished.user / KRITAS["Krita"][0] / "pykrita/pluripaint_krita/mark"
    for file in (mark, other):
        file.write_text("")
    done = furnished.install(checkout, "--editors", "krita")
    assert done.returncode == 0, done.stderr
    assert mark.exists() and not other.exists()
    assert "Krita" in done.stdout and "GIMP" not in done.stdout
    mark.unlink()


def test_an_editor_that_is_not_here_is_refused_before_anything_is_done(
    furnished, installed, checkout
) -> None:
    now = furnished.files()
    done = furnished.install(checkout, "--editors", "krita,gimp-9.9")
    assert done.returncode == 1 and "no gimp-9.9 here; found: gimp-2.10" in done.stderr
    assert furnished.files() == now


def test_uninstalling_waits_for_krita_and_leaves_nothing(furnished, installed, before, checkout) -> None:
    profile = furnished.user / PROFILES["GIMP 2.10"]
    for name in ("pluripaint.json", "pluripaint-called.json"):
        (profile / name).write_text("{}")  # the plug-in's own, written as it is used
    now = tree(furnished.user)
    with running(furnished.root / "bin/krita", furnished.environment()):
        done = furnished.install(checkout, "--uninstall")
    assert done.returncode == 1 and "Close Krita" in done.stderr
    assert tree(furnished.user) == now
    done = furnished.install(checkout, "--uninstall")
    assert done.returncode == 0, done.stderr
    assert tree(furnished.user) == before


# ------------------------------------------------------------------------------------------------ while Krita runs


def test_krita_is_not_switched_on_while_it_runs(tmp_path, home, environ) -> None:
    krita = program(tmp_path / "bin" / "krita")
    config = home / ".config/kritarc"
    folders(config.parent)
    config.write_text(KRITARC)
    with running(krita, {"PATH": "/bin:/usr/bin", "HOME": str(home)}):
        said = install(environ, home, "krita", tmp_path)
    assert "close it and run this again" in said and config.read_text() == KRITARC
    assert "switched on." in install(environ, home, "krita", tmp_path)
    with running(krita, {"PATH": "/bin:/usr/bin", "HOME": str(home)}):
        assert "restart Krita" in install(environ, home, "krita", tmp_path)
    assert KRITA.is_on(config)


def test_a_failed_editor_leaves_no_trace(tmp_path, home, environ) -> None:
    program(tmp_path / "bin" / "krita")
    program(tmp_path / "bin" / "gimp-2.10")
    folders(home / ".local/share")
    (home / ".local/share/krita").write_text("a file where a folder should be")
    now = tree(home)
    said = install(environ, home, "krita", tmp_path)
    assert "not installed" in said and len(said.splitlines()) == 1
    assert tree(home) == now
    assert Manifest.load(tmp_path / "manifest.json").entries == []


def test_where_no_editor_is_the_installer_says_so(tmp_path, home, environ) -> None:
    assert "no editor was found" in install(environ, home, "auto", tmp_path)
    with pytest.raises(Trouble, match="found: no editor"):
        Editors(CHECKOUT, "gimp", environ, home, "linux")


def test_asking_leaves_nothing_in_the_home(tmp_path, home, environ, monkeypatch) -> None:
    """GTK and GIMP make folders there as soon as they are started."""
    for key in [key for key in os.environ if key.startswith("XDG_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("HOME", str(home))
    program(tmp_path / "bin/gimp", '#!/bin/sh\nmkdir "$HOME/.local"\necho "version 3.0.4"\n')
    assert GIMP.find(environ, home)
    GIMP.find_python("/usr/bin")
    assert tree(home) == {}
