"""The editors: which are here, and the plug-in put into each, with a line on what was done.

Where an editor lies and how its plug-in gets there is told by ``plugin/gimp/deploy.py`` and ``plugin/krita/deploy.py``
of the checkout; here is what an installation adds: the choice, the record for --uninstall, the words.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .checkout import Checkout
from .manifest import Manifest, remove
from .programs import say
from .trouble import Trouble

TICK = "Settings › Configure Krita › Python Plugin Manager"


def load(checkout: Checkout, editor: str) -> Any:
    """``plugin/EDITOR/deploy.py``; raises Trouble where the checkout lacks it."""
    file = checkout.root / "plugin" / editor / "deploy.py"
    name = f"pluripaint_{editor}_deploy"
    spec = importlib.util.spec_from_file_location(name, file)
    if not file.exists() or spec is None or spec.loader is None:
        raise Trouble(f"{file} is missing.", "Fetch the checkout again, or use --editors none.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Editors:
    """The chosen editors of one user.

    ``wanted``: ``auto``, ``none`` or names separated by commas, where ``gimp`` stands for every GIMP.

    Raises:
        Trouble: a named editor is not here.
    """

    def __init__(
        self, checkout: Checkout, wanted: str, environ: Mapping[str, str], home: Path, platform: str
    ) -> None:
        self.environ = environ
        self.gimps: list[Any] = []
        self.kritas: list[Any] = []
        if wanted == "none":
            return
        self.gimp, self.krita = load(checkout, "gimp"), load(checkout, "krita")
        self.gimps = self.gimp.find(environ, home, platform)
        self.kritas = self.krita.find(environ, home, platform)
        if wanted != "auto":
            self._keep_only({name.strip().lower() for name in wanted.split(",") if name.strip()})

    def _keep_only(self, names: set[str]) -> None:
        here = sorted({one.name for one in (*self.gimps, *self.kritas)})
        for name in sorted(names - set(here)):
            if name != "gimp" or not self.gimps:
                found = ", ".join(here) or "no editor"
                raise Trouble(
                    f"There is no {name} here; found: {found}.",
                    "Name one of these, use --editors auto, or start that editor once and run this again.",
                )
        self.gimps = [one for one in self.gimps if names & {one.name, "gimp"}]
        self.kritas = [one for one in self.kritas if one.name in names]

    # What would be written, for --dry-run.

    def plan(self) -> Iterator[str]:
        """One line for each file of an editor."""
        for home in self.gimps:
            if home.would_migrate:
                yield f"skip   {home.title}: {self._wait_for_first_start(home)}"
                continue
            for _, place in self.gimp.contents():
                yield f"write  {home.plug_in / place}"
            for file in self.gimp.script_files(home):
                yield f"write  {file}"
        for home in self.kritas:
            for _, place in self.krita.contents():
                yield f"write  {home.data / place}"
            if not self.krita.is_on(home.config):
                yield f"edit   {home.config} (to switch the plug-in on)"

    # Putting it in.

    def install(self, manifest: Manifest, starts_at_login: bool) -> None:
        """Install or update the plug-in in every chosen editor. One that refuses is named, the others go on."""
        if not self.gimps and not self.kritas:
            say("    no editor was found or chosen; run this again once GIMP or Krita is there")
            return
        python = self.gimp.find_python(self.environ.get("PATH", "")) if self.gimps else None
        for home in self.gimps:
            self._one(manifest, home, lambda home=home: self._into_gimp(manifest, home, python))
        for home in self.kritas:
            self._one(manifest, home, lambda home=home: self._into_krita(manifest, home))
        if any(home.sandboxed for home in (*self.gimps, *self.kritas)):
            when = (
                "it starts at login" if starts_at_login else "run “pluripaint daemon start” before using it"
            )
            say(f"    A flatpak or snap cannot start the daemon: {when}.")

    def _one(self, manifest: Manifest, home: Any, put: Callable[[], str]) -> None:
        before = list(manifest.entries)
        try:
            say(f"    {home.title}: {put()}")
        except (OSError, self.krita.DeployError) as error:
            _take_back(manifest, before)
            reason = str(error)
            if isinstance(error, OSError):
                where = error.filename2 or error.filename or "its folder"
                reason = f"{where} cannot be written ({error.strerror}); see to that and run this again."
            say(f"    {home.title}: not installed. {reason}")

    def _into_gimp(self, manifest: Manifest, home: Any, python: Any) -> str:
        if home.would_migrate:
            return f"not installed. {self._wait_for_first_start(home)}"
        for name in () if home.profile.exists() else self.gimp.OWN_FOLDERS:
            manifest.add_folder(home.profile / name)
        manifest.add_folder(home.plug_in.parent)
        manifest.add("tree", home.plug_in)
        for name in ("pluripaint.json", "pluripaint-called.json"):
            manifest.add("file", home.profile / name)
        for file in self.gimp.script_files(home):
            manifest.add_folder(file.parent)
            manifest.add("file", file)
        line = self.gimp.first_line(home, python)
        self.gimp.install(home, line)
        return f"{home.plug_in}, run by {line}.{self._lacking(home, line, python)}"

    def _lacking(self, home: Any, line: str, python: Any) -> str:
        packages = self.gimp.missing_packages(python) if line != self.gimp.ENV_PYTHON else ""
        if python is None and not home.sandboxed:
            return " No Python 3.8 or newer was found to run it: install python3, then run this again."
        if not packages:
            return ""
        if home.version == "2.10":
            return f" It runs with its last settings; its window needs {packages}: install that, then run this again."
        return f" It needs {packages}: install that, then run this again."

    def _wait_for_first_start(self, home: Any) -> str:
        return (
            f"{home.title} was never started and would lose the settings it takes over from an older GIMP: "
            "start it once, then run this again."
        )

    def _into_krita(self, manifest: Manifest, home: Any) -> str:
        for folder in (home.data / "pykrita", home.data / "actions", home.config.parent):
            manifest.add_folder(folder)
        manifest.add("tree", home.data / "pykrita" / self.krita.NAME)
        manifest.add("file", home.data / "pykrita" / f"{self.krita.NAME}.desktop")
        manifest.add("file", home.data / "actions" / f"{self.krita.NAME}.action")
        manifest.add("kritarc", home.config)
        was_on, open_now = self.krita.is_on(home.config), self.krita.running(home.config)
        self.krita.install(home.data, home.config, switch_on=not open_now)
        where = home.data / "pykrita" / self.krita.NAME
        lacking = (
            " It needs python3-pyqt5, without which Krita runs no Python plug-in."
            if home.lacks_python
            else ""
        )
        if not open_now:
            return f"{where}, switched on.{lacking}"
        if was_on:
            return f"{where}; restart Krita, which is running.{lacking}"
        return (
            f"{where}, but not switched on, since Krita is running and overwrites its settings when it ends: close it "
            f"and run this again, or restart it and tick pluripaint in {TICK}.{lacking}"
        )


def _take_back(manifest: Manifest, before: list[tuple[str, str]]) -> None:
    """Remove what a failed step noted and made."""
    for kind, entry in reversed(manifest.entries[len(before) :]):
        path = Path(entry)
        with contextlib.suppress(OSError):
            if kind == "folder":
                path.rmdir()
            elif kind != "kritarc":
                remove(path)
    manifest.entries = before
    manifest.save()


def refuse_while_krita_runs(checkout: Checkout, manifest: Manifest) -> None:
    """Raise Trouble where a running Krita would write our lines back into its settings."""
    settings = [Path(entry) for kind, entry in manifest.entries if kind == "kritarc"]
    krita = load(checkout, "krita") if settings else None
    if krita is not None and any(krita.running(config) for config in settings):
        raise Trouble(
            "Krita is running and overwrites its settings when it ends; nothing was removed.",
            "Close Krita, then run --uninstall again.",
        )


def edit_back(checkout: Checkout, config: Path) -> None:
    """Take our lines out of Krita's settings; every other line stays as it is."""
    load(checkout, "krita").forget(config)
