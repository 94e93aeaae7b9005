"""The transaction: everything new lies beside the old and is proved before one rename switches over; any
failure before or after puts back what was there."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import login_start, pip_source, service, torch_build
from .checkout import Checkout
from .editors import Editors
from .environment import Environment
from .manifest import Manifest, remove, write_atomically
from .options import Options
from .places import Places
from .programs import Programs, megabytes, say, undisturbed
from .trouble import Trouble


class Installation:
    """One run of the installer, under the lock.

    ``made`` are folders that the lock had to make. ``settings`` say where pip takes packages from. ``editors`` get
    their plug-in once the installation stands: nothing they say puts it back.
    """

    def __init__(
        self,
        options: Options,
        places: Places,
        checkout: Checkout,
        programs: Programs,
        settings: dict[str, str],
        editors: Editors,
        made: Sequence[Path] = (),
    ) -> None:
        self.options, self.places, self.checkout, self.programs = options, places, checkout, programs
        self.editors = editors
        self.index = pip_source.Index(settings)
        self.version = checkout.version()
        name = f"{self.version}-{secrets.token_hex(4)}"
        self.work = places.prefix / f"work-{name}"
        self.environment = Environment(places.prefix / f"env-{name}", self.work, programs, options.wheels)
        self.existing_record = (
            places.manifest.read_text(encoding="utf-8") if places.manifest.exists() else None
        )
        self.manifest = Manifest.load(places.manifest)
        self.before = list(self.manifest.entries)
        self.made = made
        self.undo: list[Callable[[], object]] = []

    # The steps.

    def run(self) -> Path:
        """Install, upgrade or repair; gives the contact sheet. Raises Trouble with everything as it was
        before."""
        old = self.current_environment()
        try:
            sheet = self._steps(old)
        except BaseException:
            with undisturbed():
                say("Putting everything back as it was …")
                self._roll_back()
            raise
        self._tidy()
        self._put_into_editors()
        return sheet

    def _steps(self, old: Path | None) -> Path:
        places, environment = self.places, self.environment
        sample = self.checkout.sample()
        self._begin()
        what = "Installing" if old is None else f"Replacing {old.name} by"
        say(f"{what} pluripaint {self.version} in {places.prefix}")
        say(f"[1/7] A private environment with Python {sys.version_info[0]}.{sys.version_info[1]}")
        self.manifest.add("tree", environment.folder)
        environment.create(self.index, self.checkout)
        say("[2/7] Building the package from this checkout")
        environment.build_wheel(self.checkout)
        say("[3/7] Choosing versions")
        size = self._download_size(plan := self._plan())
        say("[4/7] Fetching and installing them")
        environment.install(self.checkout, plan, size)
        say("[5/7] A real job on the sample photograph, apart from anything in use")
        daemon, program = environment.program("pluripaint-daemon"), environment.program("pluripaint")
        service.prove(self.programs, program, daemon, sample, self.work / "proof", places.cache)
        say("[6/7] Switching over and starting the daemon")
        self._switch(old)
        return self._final_job(sample)

    def _begin(self) -> None:
        """Note the folders, clear what a killed run left behind, make the scratch folder."""
        places = self.places
        for folder in reversed(self.made):
            self.manifest.add("folder", folder)
        self._remove_leftovers()
        self.before = list(self.manifest.entries)[: len(self.before)]
        for tree in (places.cache, places.logs):
            self.manifest.add_folder(tree.parent)
            self.manifest.add("tree", tree)
            tree.mkdir(exist_ok=True)
        for folder in (places.data, places.connection):
            self.manifest.add_folder(folder)
        for name in ("connection.json", "daemon.lock"):
            self.manifest.add("file", places.connection / name)
        self.manifest.add("tree", self.work)
        self.work.mkdir(mode=0o700)
        self.programs.log = self.work / "install.log"
        self.programs.environment["TMPDIR"] = str(self.work)  # /tmp may be small and in memory

    def _plan(self) -> torch_build.Plan:
        plan, why = torch_build.choose(
            lambda arguments: self.environment.resolve(self.checkout, arguments),
            self.options.torch,
            torch_build.has_nvidia_gpu(),
            self.options.wheels is not None,
        )
        say(f"    {why}")
        return plan

    def _download_size(self, plan: torch_build.Plan) -> int:
        remote, in_all = plan.bytes(self.index)
        torch_build.enough_space(self.work, in_all)
        say(
            f"    {len(plan.urls)} packages, {megabytes(in_all)}, "
            f"of which at most {megabytes(remote)} are downloaded"
        )
        return remote

    def _switch(self, old: Path | None) -> None:
        """Stop the old daemon, point ``current`` to the new environment, register and start the new
        daemon."""
        places, environment = self.places, self.environment
        self._stop_whatever_runs(old)
        self.undo.append(self._login_again())
        self.manifest.version = self.version
        self._point_current(environment.folder.name)
        command = [str(self._program_in_use("pluripaint-daemon"))]
        self._write(places.launch, service.launch_file(command, places.prefix))
        self._link_command()
        self.undo.append(lambda: service.stop(self.programs, environment.program("pluripaint")))
        if self.options.autostart:
            self._register(command)
        else:
            self._unregister()
        service.start(self.programs, self._program_in_use("pluripaint"))

    def _stop_whatever_runs(self, old: Path | None) -> None:
        """The daemon that clients find, also one of another installation: it would do the final job and stay."""
        # An old daemon understands its own program best.
        asking = [] if old is None else [self._program_in(old, "pluripaint")]
        asking.append(self.environment.program("pluripaint"))
        if not any(service.runs(self.programs, program) for program in asking):
            return
        # It says which daemon to start; where it is missing, clients know one.
        if self.places.launch.exists():
            self.undo.append(lambda: service.start(self.programs, asking[0]))
        stopped = [service.stop(self.programs, program) for program in asking]
        if not stopped[-1]:
            raise Trouble("The daemon that runs would not stop.", "End it, then run this again.")

    def _login_again(self) -> Callable[[], None]:
        """What brings back the login starts there are now, switched on."""
        files = [Path(entry) for kind, entry in self.manifest.entries if kind == "login"]
        contents = {file: file.read_text(encoding="utf-8") for file in files if file.is_file()}

        def again() -> None:
            for file, content in contents.items():
                write_atomically(file, content)
                self._commands(login_start.switch_on(file, content))

        return again

    def _final_job(self, sample: tuple[Path, Path]) -> Path:
        """The same job through the daemon that stays: what the user gets to see."""
        fresh, kept = self.work / "sample", self.places.data / "sample"
        sheet = service.run_job(self.programs, self._program_in_use("pluripaint"), sample, fresh)
        self.manifest.add("tree", kept)
        remove(kept)
        shutil.move(fresh, kept)
        return kept / sheet.name

    def _put_into_editors(self) -> None:
        if self.options.editors == "none":
            return
        say("[7/7] The editors")
        try:
            self.editors.install(self.manifest, self.options.autostart)
        except KeyboardInterrupt:
            raise Trouble(
                "Interrupted: pluripaint is installed, but not in every editor.", "Run the installer again."
            ) from None

    # Parts.

    def current_environment(self) -> Path | None:
        """The environment in use, or None; one that is broken counts, so that a repair can replace it."""
        current = self.places.current
        if self.places.system == "windows":
            return (
                self.places.prefix / current.read_text(encoding="utf-8").strip() if current.exists() else None
            )
        return self.places.prefix / os.readlink(current) if current.is_symlink() else None

    def _program_in(self, folder: Path, name: str) -> Path:
        return Environment(folder, self.work, self.programs, None).program(name)

    def _program_in_use(self, name: str) -> Path:
        """Path through the ``current`` link, which outlives upgrades (Windows: into the environment
        itself)."""
        if self.places.system == "windows":
            return self.environment.program(name)
        return self._program_in(self.places.current, name)

    def _point_current(self, name: str) -> None:
        current = self.places.current
        if self.places.system == "windows":
            self._write(current, name + "\n")
            return
        before = os.readlink(current) if current.is_symlink() else None
        self.manifest.add("file", current)
        self.undo.append(lambda: relink(current, before))
        relink(current, name)

    def _write(self, path: Path, text: str) -> None:
        """Write a file of ours by rename; a failure later puts the former content back."""
        before = path.read_text(encoding="utf-8") if path.is_file() else None
        self.manifest.add_folder(path.parent)
        self.manifest.add("file", path)
        self.undo.append(
            lambda: path.unlink(missing_ok=True) if before is None else write_atomically(path, before)
        )
        write_atomically(path, text)

    def _link_command(self) -> None:
        """``pluripaint`` in ~/.local/bin, unless something else has that name there."""
        if self.places.private or self.places.system == "windows":
            return
        link, target = self.places.home / ".local" / "bin" / "pluripaint", self._program_in_use("pluripaint")
        ours = ("file", str(link)) in self.manifest.entries or (
            link.is_symlink() and os.readlink(link) == str(target)
        )
        if os.path.lexists(link) and not ours:
            say(f"    {link} is someone else's and stays; the command is {target}")
            return
        before = os.readlink(link) if link.is_symlink() else None
        self.manifest.add_folder(link.parent)
        self.manifest.add("file", link)
        self.undo.append(lambda: relink(link, before))
        relink(link, str(target))

    def _register(self, command: Sequence[str]) -> None:
        """Start at login; where systemd refuses, the desktop's own autostart."""
        kinds = [login_start.kind_for(self.places)]
        kinds += ["xdg"] if kinds == ["systemd"] else []
        for kind in kinds:
            file = login_start.file_for(kind, self.places)
            self._unregister(keep=file)
            self.manifest.add_folder(file.parent)
            if kind == "systemd":
                self.manifest.add_folder(file.parent / "default.target.wants")
            content = login_start.content_for(kind, command, self.places)
            self.undo.append(lambda file=file: self._commands(login_start.after_removal(file)))
            self._write(file, content)
            self.manifest.forget(file)
            self.manifest.add("login", file)
            self.undo.append(lambda file=file: self._commands(login_start.switch_off(file)))
            if self._commands(login_start.switch_on(file, content)):
                say(f"    starts at login: {file}")
                return
            self._commands(login_start.switch_off(file))
            self._unregister()
        say(
            "    The start at login could not be registered; the editors' plug-ins "
            "start the daemon when needed."
        )

    def _unregister(self, keep: Path | None = None) -> None:
        for kind, entry in list(self.manifest.entries):
            file = Path(entry)
            if kind == "login" and file != keep:
                self._commands(login_start.switch_off(file))
                file.unlink(missing_ok=True)
                self._commands(login_start.after_removal(file))
                self.manifest.forget(file)

    def _commands(self, commands: Sequence[Sequence[str]]) -> bool:
        for command in commands:
            try:
                if self.programs.run(command, "Registering the login start", limit=60, check=False)[0]:
                    return False
            except Trouble:
                return False
        return True

    def _remove_leftovers(self) -> None:
        """Environments and scratch folders of ours that are not in use: a killed run's, or the replaced
        one."""
        used = self.current_environment()
        for tree in self.manifest.trees():
            ours = tree.parent == self.places.prefix and tree.name.startswith(("env-", "work-"))
            if ours and tree != used:
                try:
                    remove(tree)
                except OSError as error:
                    say(f"    {tree} could not be removed yet ({error.strerror}); the next run tries again.")
                else:
                    self.manifest.forget(tree)

    def _tidy(self) -> None:
        self.undo.clear()
        self._remove_leftovers()

    def _roll_back(self) -> None:
        for action in reversed(self.undo):
            with contextlib.suppress(Trouble, OSError):
                action()
        self._keep_log()
        for kind, entry in reversed(self.manifest.entries):
            path = Path(entry)
            if (kind, entry) in self.before:
                continue
            with contextlib.suppress(OSError):
                path.rmdir() if kind == "folder" else remove(path)
        if self.existing_record is None:
            self.places.manifest.unlink(missing_ok=True)
        else:
            write_atomically(self.places.manifest, self.existing_record)

    def _keep_log(self) -> None:
        """A failed run leaves one thing: what the programs said, in the system's folder for temporary
        files."""
        log = self.work / "install.log"
        if log.exists():
            import tempfile

            with contextlib.suppress(OSError):
                descriptor, name = tempfile.mkstemp(prefix="pluripaint-install-", suffix=".log")
                os.close(descriptor)
                shutil.copyfile(log, name)
                say(f"What the programs said: {name}")


def relink(link: Path, target: str | None) -> None:
    """Point ``link`` to ``target`` in one rename; None removes it."""
    if target is None:
        link.unlink(missing_ok=True)
        return
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link)
