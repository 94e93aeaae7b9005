"""A real GIMP on a stage: 2.10 of this system, 3.0 in a root folder; a hand inside it for preparing and looking."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import psutil
from PIL import Image
from pseudo_locale import LANGUAGE, write_catalogue
from stage import PATIENCE, Stage, end, last_lines, persistently, wait_for

from pluripaint_client import Client
from pluripaint_client import connection as places

REPOSITORY = Path(__file__).resolve().parents[3]
SCRIPTS = Path(__file__).with_name("scripts")
sys.path[:0] = [str(REPOSITORY / "plugin" / "gimp"), str(REPOSITORY / "plugin" / "gimp" / "shim")]
import entries  # noqa: E402
from deploy import deploy  # noqa: E402

KEYS = {
    "generate": "<Primary><Alt>1",
    "generate-last": "<Primary><Alt>2",
    "generate-more": "<Primary><Alt>3",
    "pick": "<Primary><Alt>4",
    "keep": "<Primary><Alt>5",
    "status": "<Primary><Alt>6",
}


class Vanished(AssertionError):
    """The hand's code failed inside GIMP: also when a layer goes away while it is looked at."""


class Gimp:
    """One running GIMP.

    ``root``: a root folder to run in, ``None``: this system's GIMP 2.10; ``docks``: with its usual dock windows;
    ``translated``: with a catalogue of ours in the language of ``pseudo_locale``; ``scale``: pixels of the screen to
    a point; ``scripts``: files of ``scripts/`` dropped in as a user does, by the procedure that Ctrl+Alt+7, 8 … call.
    """

    def __init__(
        self,
        stage: Stage,
        root: Path | None,
        home: Path,
        picture: Path,
        version: str,
        docks: bool = False,
        translated: bool = False,
        scale: int = 1,
        scripts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.stage, self.root, self.version, self.docks = stage, root, version, docks
        self.translated, self.scale, self._scripts = translated, scale, scripts
        self.inside = Path("/tmp") / home.name
        self.outside = (root / "tmp" / home.name) if root else home
        shutil.rmtree(self.outside, ignore_errors=True)
        self.outside.mkdir(parents=True)
        if not root:
            self.inside = self.outside
        self.daemon: Any = None
        self.home = self.outside / "pluripaint"
        self.profile = self.outside / "profile"
        self._install()
        shutil.copy(picture, self.outside / picture.name)
        self.log = self.outside / "gimp.log"
        persistently(lambda: self._open(picture.name))

    def _open(self, picture: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self._process = self._start(self.inside / picture)
        try:
            self._socket = wait_for(self._connect, PATIENCE, f"the hand in GIMP {self.version}")
            self._lines = self._socket.makefile("rw", encoding="utf-8")
            self.window = self.stage.window(picture.split(".")[0])
        except AssertionError as failure:
            said = self.evidence(f"gimp-{self.version}-start")
            end(self._process)
            raise AssertionError(f"{failure}\n{said}") from failure

    def _install(self) -> None:
        plug_in = deploy(self.profile, "/usr/bin/python3")
        if self.translated:
            write_catalogue(plug_in / "pluripaint_client" / "locale")
        shutil.copytree(
            Path(__file__).with_name("looking"),
            self.outside / "looking",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        hand = self.profile / "plug-ins" / "pluripaint-hand"
        shutil.copytree(Path(__file__).with_name("hand"), hand, ignore=shutil.ignore_patterns("__pycache__"))
        entry = (hand / "hand.py").rename(hand / "pluripaint-hand.py")  # GIMP wants the folder's name
        entry.chmod(0o755)
        keys = {f"plug-in-pluripaint-{name}": key for name, key in KEYS.items()}
        for number, (procedure, name) in enumerate(self._scripts.items(), len(KEYS) + 1):
            keys[procedure] = f"<Primary><Alt>{number}"
            place = self.profile / "plug-ins"
            place = place / Path(name).stem if self.root else place
            place.mkdir(exist_ok=True)
            (place / name).write_text((SCRIPTS / name).read_text("utf-8"), "utf-8")
            (place / name).chmod(0o755)
        if self._scripts:
            entries.write(
                self.profile, "/usr/bin/python3", str(self.inside / "profile/plug-ins/pluripaint/shim")
            )
        session = f"(save-session-info no)\n(restore-session {'yes' if self.docks else 'no'})\n"
        if self.version == "2.10":
            lines = [f'(gtk_accel_path "<Actions>/plug-in/{n}" "{k}")' for n, k in keys.items()]
            (self.profile / "menurc").write_text("\n".join(lines) + "\n")
            (self.profile / "gimprc").write_text(session)
        else:
            lines = [f'(action "{n}" "{k}")' for n, k in keys.items()]
            (self.profile / "shortcutsrc").write_text("(file-version 1)\n" + "\n".join(lines) + "\n")
            (self.profile / "gimprc").write_text(
                f'(config-version "{self.version}.4")\n(show-welcome-dialog no)\n(check-updates no)\n'
                + session
            )

    def _start(self, picture: Path) -> subprocess.Popen[bytes]:
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.inside),
            "LANG": "C.UTF-8",
            "DISPLAY": self.stage.display,
            "PLURIPAINT_HOME": str(self.inside / "pluripaint"),
            ("GIMP2_DIRECTORY" if self.version == "2.10" else "GIMP3_DIRECTORY"): str(
                self.inside / "profile"
            ),
            "NO_AT_BRIDGE": "1",
            "GDK_SCALE": str(self.scale),
            "PYTHONPATH": str(self.inside / "looking"),
        }
        if self.translated:
            environment["LANGUAGE"] = LANGUAGE
        command = [f"gimp-{self.version}", "-n", "-s", "-d", "-f"]
        if self.version != "2.10":
            command += ["--batch-interpreter", "plug-in-script-fu-eval"]
        command += ["-b", f'(pluripaint-test-hand 1 "{self.port}")']
        command.append(str(picture))
        if self.root:
            command = [
                "/usr/sbin/chroot",
                str(self.root),
                "env",
                "-i",
                *[f"{k}={v}" for k, v in environment.items()],
                *command,
            ]
        with self.log.open("wb") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    def _connect(self) -> socket.socket | None:
        if self._process.poll() is not None:
            raise AssertionError(f"GIMP ended with {self._process.returncode}")
        try:
            return socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        except OSError:
            return None

    # -- the hand
    def hand(self, code: str) -> Any:
        """Runs Python inside GIMP; the value of ``answer`` comes back."""
        self._lines.write(json.dumps(code) + "\n")
        self._lines.flush()
        line = self._lines.readline()
        if not line:
            raise AssertionError("GIMP closed the connection")
        said = json.loads(line)
        if "error" in said:
            raise Vanished(said["error"])
        return said["answer"]

    def evidence(self, name: str) -> str:
        """What GIMP wrote, and where a picture of its screen lies."""
        return f"{last_lines(self.log)}\nGIMP {self.version}'s screen: {self.stage.screenshot(name)}"

    def state(self) -> Any:
        """Layers, eyes, pixels, active layers and selection of the newest picture."""
        return self.hand("answer = state(max(images()))")

    def wait_state(self, test: Any, describe: str) -> Any:
        """The first state for which ``test`` holds once the plug-in has ended: layers enter one after the other."""

        def look() -> Any:
            if self._at_work():
                return None
            with contextlib.suppress(Vanished):
                state = self.state()
                return state if test(state) and not self._at_work() else None

        return wait_for(look, PATIENCE, describe, 0.1)

    def remember(self, **settings: Any) -> None:
        """Writes the last settings, as an earlier run of the window would have left them."""
        (self.profile / "pluripaint.json").write_text(json.dumps(settings))

    def forget_settings(self) -> dict[str, Any]:
        """As if no settings had ever been chosen; gives those that were."""
        file = self.profile / "pluripaint.json"
        settings = json.loads(file.read_text())
        file.unlink()
        return dict(settings)

    def picture(
        self, pixels: np.ndarray, precision: int, encoding: str, profile: bytes = b"", **more: Any
    ) -> int:
        """Opens a picture with one layer ``source``; ``encoding`` says what ``pixels`` holds."""
        height, width = pixels.shape[:2]
        (self.outside / "pixels").write_bytes(pixels.tobytes())
        (self.outside / "profile.icc").write_bytes(profile)
        gray, alpha = encoding.startswith("Y"), "A " in encoding
        return int(
            self.hand(
                f"answer = new_picture({width}, {height}, {gray}, {precision}, {alpha}, {encoding!r}, "
                f"open({str(self.inside / 'pixels')!r}, 'rb').read(), "
                f"open({str(self.inside / 'profile.icc')!r}, 'rb').read(), **{more!r})"
            )
        )

    def pixels(self, layer: str, encoding: str, dtype: str) -> np.ndarray:
        """A layer's rows by name (``visible``: what is seen, ``selection``: the selection)."""
        return self.several_pixels((layer, encoding, dtype))[0]

    def several_pixels(self, *wanted: tuple[str, str, str]) -> list[np.ndarray]:
        """Rows of several layers, read at once: name, encoding, NumPy's type."""
        sizes = self.hand(
            f"answer = []; image = max(images())\n"
            f"for name, encoding, _ in {wanted!r}:\n"
            f"    one = drawable(image, name); box = whole(one)\n"
            f"    with open(f'{self.inside}/rows-{{len(answer)}}', 'wb') as file:\n"
            f"        file.write(gimp.read(one, box, gimp.format(one, encoding)))\n"
            f"    answer.append([box.width, box.height])\n"
            f"    if name == 'visible': gimp.delete_item(one)\n"
        )
        return [
            np.frombuffer((self.outside / f"rows-{k}").read_bytes(), wanted[k][2]).reshape(height, width, -1)
            for k, (width, height) in enumerate(sizes)
        ]

    def exported(self) -> np.ndarray:
        """The flattened picture as GIMP's own export writes it: uint8 [H, W, C]."""
        self.hand(f"export(max(images()), {str(self.inside / 'exported.png')!r})")
        return np.asarray(Image.open(self.outside / "exported.png"))

    def big_picture(self, width: int, height: int) -> None:
        """A picture filled with noise inside GIMP."""
        self.hand(f"answer = big_picture({width}, {height})")

    def close_picture(self) -> None:
        """Closes the newest picture without saving."""
        self.hand("forget(max(images()))")

    def refusal(self, action: str) -> str:
        """The sentence with which an entry refuses, as a script gets to see it."""
        code = f"i = max(images()); answer = refusal('plug-in-pluripaint-{action}', i, gimp.layers(i)[0])"
        return str(self.hand(code))

    def _at_work(self) -> psutil.Process | None:
        """Our plug-in's process while an action of ours runs."""
        target = str(self.inside / "profile/plug-ins/pluripaint/pluripaint.py")
        for one in psutil.Process(self._process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if target in one.cmdline() and "-run" in one.cmdline():
                    return one
        return None

    def plug_in_process(self) -> psutil.Process:
        """Our plug-in's process, once it is there."""
        return wait_for(self._at_work, PATIENCE, "the plug-in's process")

    def _look(self) -> dict[str, Any]:
        file = self.outside / "looking" / "seen.json"
        file.unlink(missing_ok=True)
        self.plug_in_process().send_signal(signal.SIGUSR2)
        wait_for(file.exists, PATIENCE, "a look at the plug-in's windows")
        return dict(json.loads(file.read_text("utf-8")))

    def words(self) -> list[list[str]]:
        """Every text in our plug-in's windows, each window's title first."""
        return list(self._look()["windows"])

    def place(self, button: str) -> tuple[int, int]:
        """Where on the screen the button with this label is, in points: left, top."""
        left, top = self._look()["buttons"][button]
        return int(left), int(top)

    def says(self, text: str) -> None:
        """Waits until a text in our plug-in's windows contains ``text``."""
        wait_for(lambda: any(text in one for words in self.words() for one in words), PATIENCE, text)

    def tab_to(self, button: str) -> None:
        """Moves the keyboard with Tab until the button with this label has it."""
        for _ in range(20):
            self.stage.key("Tab")
            if self._look()["focus"] == button:
                return
        raise AssertionError(f"Tab does not reach {button}")

    @contextlib.contextmanager
    def changed(self, module: str, code: str) -> Iterator[None]:
        """The plug-in with ``code`` at the end of one of its modules."""
        file = self.profile / "plug-ins" / "pluripaint" / "pluripaint_gimp" / f"{module}.py"
        whole = file.read_text("utf-8")
        file.write_text(f"{whole}\n{code}\n", "utf-8")
        try:
            yield
        finally:
            file.write_text(whole, "utf-8")

    def peak_memory(self, process: psutil.Process, until: Any) -> int:
        """Resident MB of a process at their highest while waiting for ``until``."""
        highest = 0

        def look() -> bool:
            nonlocal highest
            with contextlib.suppress(psutil.Error):
                highest = max(highest, process.memory_info().rss // 1_000_000)
            return bool(until())

        wait_for(look, PATIENCE, "the group")
        return highest

    def _status(self) -> dict[str, Any]:
        with Client(places.read(self.home / "connection.json"), timeout=5.0) as client:
            return client.status(5.0)

    def _queue(self) -> int:
        jobs = self._status()["jobs"]
        return int(jobs["running"]) + int(jobs["queued"])

    def worker_rests(self) -> None:
        """Waits until the daemon's worker is there and warm."""
        wait_for(
            lambda: [one["state"] for one in self._status()["workers"]] == ["idle"], PATIENCE, "a worker"
        )

    def daemon_busy(self) -> None:
        """Waits until the daemon works on a job."""
        wait_for(lambda: self._queue() > 0, PATIENCE, "a job in the daemon")

    def daemon_idle(self) -> None:
        """Waits until the daemon has no job."""
        wait_for(lambda: self._queue() == 0, PATIENCE, "the end of the daemon's job")

    def dismiss(self) -> None:
        """Closes GIMP's own message windows."""
        for number, title in self.stage.windows().items():
            if number != self.window and "– GIMP" not in title:
                self.stage.focus(number)
                self.stage.key("Escape")

    # -- the person
    def press(self, action: str) -> None:
        """Triggers one of our menu entries by its keys; not so soon after the last that the key would seem held."""
        called = self.profile / "pluripaint-called.json"
        wait_for(
            lambda: not called.exists() or time.time() - called.stat().st_mtime > 1.1, PATIENCE, "a pause"
        )
        self.keys(KEYS[action].replace("<Primary>", "ctrl+").replace("<Alt>", "alt+"))

    def wait_review(self) -> None:
        """Waits until all candidates of the window's job are there: its title says so."""
        self.stage.window(" variation")

    def keys(self, *keys: str) -> None:
        """Presses keys in the picture's window."""
        self.stage.focus(self.window)
        self.stage.key(*keys)

    def close(self) -> None:
        """Ends GIMP and every process it started."""
        with contextlib.suppress(OSError):
            self._lines.close()
            self._socket.close()
        end(self._process)
        if self.root:
            shutil.rmtree(self.outside, ignore_errors=True)


def shots_folder(otherwise: Path) -> Path:
    """Where screenshots go: ``PLURIPAINT_SHOTS`` or beside the run."""
    return Path(os.environ.get("PLURIPAINT_SHOTS") or otherwise / "shots")


SUITES = {"3.0": "trixie", "3.2": "forky"}
"""GIMP → the Debian suite whose root folder holds it."""

GIMP3 = os.environ.get("PLURIPAINT_GIMP3", "3.0")
"""The newer GIMP of a test run: 3.0, or 3.2 to see once in a while what comes."""

VERSIONS = ("2.10", GIMP3)


def root_folder(suite: str = "", *packages: str) -> Path:
    """A root folder of a Debian suite, made when missing; by default the newer GIMP's."""
    script = REPOSITORY / "tests" / "editors" / "prepare_root.sh"
    command = [str(script), suite or SUITES[GIMP3], *packages]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    return Path(done.stdout.strip().splitlines()[-1])
