"""A real Krita under Xvfb, with a profile and a daemon home of its own."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import psutil
from pseudo_locale import LANGUAGE, write_catalogue
from real_daemon import Daemon
from stage import PATIENCE, Stage, end, last_lines, persistently, wait_for

from pluripaint_client import Client, DaemonError
from pluripaint_client import connection as places

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "plugin" / "krita" / "deploy.py"
HAND = Path(__file__).resolve().parent / "hand"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pluripaint-tests"

SUITE = os.environ.get("PLURIPAINT_KRITA_SUITE", "")
"""A newer Debian whose Krita is tested in a root folder, instead of this system's."""

LAYER = "Background"
QUICK = {"variations": 1, "preset": "fast", "method": "exemplar", "seed": 7}
"""One small answer of the method that needs no weights."""


def root_folder() -> Path:
    """The newer Krita's root folder, made when missing."""
    packages = ["krita", "python3-pyqt5", "libgl1-mesa-dri", "fonts-dejavu-core"]
    command = [str(ROOT / "tests" / "editors" / "prepare_root.sh"), SUITE, *packages]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Path(done.stdout.strip().splitlines()[-1])


class KritaEditor:
    """Started with the plug-in installed and switched on by its own deploy command.

    ``translated``: with a catalogue of ours in the language of ``pseudo_locale``; ``scale``: pixels of the screen to
    one of the docker's own.
    """

    def __init__(
        self, stage: Stage, folder: Path, settings: dict[str, Any], translated: bool = False, scale: int = 1
    ) -> None:
        self._root = root_folder() if SUITE else None
        if self._root:  # one path for both: Krita sees the folder itself, we see a link to it
            inside = self._root / folder.relative_to("/")
            shutil.rmtree(inside, ignore_errors=True)
            inside.mkdir(parents=True)
            folder.symlink_to(inside)
        self.stage, self.folder, self.translated, self.scale = stage, folder, translated, scale
        self.log = folder / "krita.log"
        self.home = folder / "pluripaint home"
        self.home.mkdir(parents=True)
        (self.home / "launch.json").write_text(json.dumps({"command": [str(daemon_program())]}))
        (self.home / "launch.json").chmod(0o600)
        self._config = folder / "config"
        self._data = folder / "data"
        self._install(settings)
        self._served: Daemon | None = None
        self.serve()
        self.start()

    def serve(self) -> None:
        """Have a daemon where this Krita cannot start one: ours lies outside its root folder."""
        if SUITE and (self._served is None or self._served.process.poll() is not None):
            self._served = Daemon(self.home)

    def _install(self, settings: dict[str, Any]) -> None:
        config = self._config / "kritarc"
        command = [sys.executable, str(DEPLOY), "install"]
        command += ["--data", str(self._data / "krita"), "--config", str(config)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        if self.translated:
            vendor = self._data / "krita" / "pykrita" / "pluripaint_krita" / "vendor"
            write_catalogue(vendor / "pluripaint_client" / "locale")
        shutil.copytree(HAND, self._data / "krita" / "pykrita", dirs_exist_ok=True)
        lines = config.read_text().splitlines()
        lines.insert(lines.index("[python]") + 1, "enable_pluripaint_hand=true")
        lines += ["", "[pluripaint]", "settings=" + json.dumps(settings)]
        config.write_text("\n".join(lines) + "\n")
        runtime = self.folder / "run"
        runtime.mkdir(mode=0o700)

    def start(self) -> None:
        """Start Krita and wait for its window. The first start makes its resource database."""
        persistently(self._open)

    def _open(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self._config),
            "XDG_DATA_HOME": str(self._data),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "LANG": "C.UTF-8",
            "DISPLAY": self.stage.display,
            "PLURIPAINT_HOME": str(self.home),
            "PLURIPAINT_TEST_HAND": str(self._port),
            # Kernels compiled once for all test runs.
            "NUMBA_CACHE_DIR": str(CACHE / "numba"),
            **({"LANGUAGE": LANGUAGE} if self.translated else {}),
            "QT_SCALE_FACTOR": str(self.scale),
        }
        command = ["krita", "--nosplash"]
        if self._root:
            variables = [f"{key}={value}" for key, value in environment.items()]
            command = ["/usr/sbin/chroot", str(self._root), "env", "-i", *variables, *command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            wait_for(self._answers, PATIENCE, "Krita's hand", 0.3)
            window = self.stage.window("Krita")
            maximize = ["wmctrl", "-ir", window, "-b", "add,maximized_vert,maximized_horz"]
            subprocess.run(maximize, env=self.stage.environment, check=True)
            self.focus()
        except AssertionError as failure:
            said = self.evidence("krita-start")
            end(self.process)
            raise AssertionError(f"{failure}\n{said}") from failure

    def killed(self) -> None:
        """End Krita as a power cut would."""
        self.process.kill()
        self.process.wait()

    def restart(self, settings: dict[str, Any]) -> None:
        """Start Krita anew with other last settings; empty: none were ever chosen."""
        self.killed()
        config = self._config / "kritarc"
        head, _, tail = config.read_text().partition("[pluripaint]\n")
        lines = [line for line in tail.splitlines() if not line.startswith("settings=")]
        config.write_text(
            "\n".join([head + "[pluripaint]", "settings=" + json.dumps(settings), *lines]) + "\n"
        )
        self.start()

    def evidence(self, name: str) -> str:
        """What Krita wrote, and where a picture of its screen lies."""
        return f"{last_lines(self.log)}\nKrita's screen: {self.stage.screenshot(name)}"

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"Krita ended with {self.process.returncode}")
        try:
            return bool(self.do("answer = app.activeWindow() is not None"))
        except OSError:
            return False

    def focus(self) -> None:
        """Give Krita's main window the keyboard."""
        self.stage.focus(self.stage.window("Krita"))
        self.wait(
            "QtWidgets.QApplication.activeWindow() is not None", "Krita's knowing that it has the keyboard"
        )

    def do(self, code: str, seconds: float = PATIENCE) -> Any:
        """Run code in Krita; what it leaves in ``answer``."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=seconds) as connection:
            connection.sendall(textwrap.dedent(code).encode())
            connection.shutdown(socket.SHUT_WR)
            said = b""
            while part := connection.recv(1 << 20):
                said += part
        answer = json.loads(said)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["answer"]

    def trigger(self, action: str) -> None:
        """Trigger one of Krita's actions, as its menu does."""
        self.do(f"app.action({action!r}).trigger()")

    def wait(self, code: str, describe: str) -> Any:
        """Wait until an expression in Krita is true; its value."""
        return wait_for(lambda: self.do(f"answer = {code}"), PATIENCE, describe)

    # ---------------------------------------------------------------------------------------- documents

    def open(self, path: Path, space: tuple[str, str, str] | None = None) -> None:
        """Open a picture in a view; converted where another colour space is wanted."""
        if self._root and not path.is_relative_to(self.folder):
            path = Path(shutil.copy(path, self.folder))
        self.do(
            f"""
            document = app.openDocument({str(path)!r})
            app.activeWindow().addView(document)
            app.setActiveDocument(document)
            if {space!r}:
                document.setColorSpace(*{space!r})
            document.waitForDone()
            """
        )
        self.wait("app.activeDocument() is not None", "the document")

    def select(self, left: int, top: int, width: int, height: int, feather: int = 0) -> None:
        """Select a rectangle."""
        self.do(
            f"""
            selection = Selection()
            selection.select({left}, {top}, {width}, {height}, 255)
            if {feather}:
                selection.feather({feather})
            app.activeDocument().setSelection(selection)
            app.activeDocument().waitForDone()
            """
        )

    def script_errors(self) -> list[str]:
        """Exceptions that nobody caught since this was last asked.

        Krita shows each in a modal dialog, maybe unseen behind its window, and until it is closed the Layers docker
        does not follow the layers: Krita puts their news off while an event is being handled.
        """
        return self.do("answer = script_errors()")

    def close_documents(self) -> None:
        """Close everything without asking.

        Krita 5.1's layer list looks at changed nodes a tenth of a second later (KisNodeModel::processUpdateQueue), and
        crashes where their document has gone by then: its timer gets its turn before that of ours.
        """
        self.do(
            """
            for document in app.documents():
                document.waitForDone()
            if app.documents():
                loop = QtCore.QEventLoop()
                QtCore.QTimer.singleShot(300, loop.quit)
                loop.exec()
            for document in app.documents():
                document.setBatchmode(True)
                document.setModified(False)
                document.close()
            """
        )
        self.wait("not app.documents()", "closing")

    def tree(self) -> list[list[Any]]:
        """(depth, name, type, visible, id) of the active document's nodes, bottom to top."""
        return self.do("answer = tree(app.activeDocument())")

    def undo_entries(self) -> list[str]:
        """The undo history."""
        return self.do("answer = undo_entries()")

    def pixels(self, name: str | None = None, box: tuple[int, int, int, int] | None = None) -> bytes:
        """Native pixels of a layer (``None``: of the picture as it is seen) over a box (``None``: the canvas)."""
        thing = "app.activeDocument()" if name is None else f"app.activeDocument().nodeByName({name!r})"
        return base64.b64decode(
            self.do(
                f"""
                import base64
                document = app.activeDocument()
                document.waitForDone()
                box = {box!r} or (0, 0, document.width(), document.height())
                answer = base64.b64encode(bytes(({thing}).pixelData(*box))).decode()
                """
            )
        )

    def selection(self, box: tuple[int, int, int, int] | None = None) -> bytes:
        """The selection over a box."""
        return base64.b64decode(
            self.do(
                f"""
                import base64
                document = app.activeDocument()
                box = {box!r} or (0, 0, document.width(), document.height())
                answer = base64.b64encode(bytes(document.selection().pixelData(*box))).decode()
                """
            )
        )

    def state(self) -> dict[str, Any]:
        """Everything that undo and redo must bring back: tree, names, eyes, active layer, selection, pixels."""
        return {
            "tree": self.tree(),
            "pixels": self.pixels(),
            "layer": self.pixels(LAYER),
            "active": self.do("answer = app.activeDocument().activeNode().name()"),
            "selection": self.selection(),
        }

    # ---------------------------------------------------------------------------------------- the docker

    def sentence(self) -> str:
        """What the docker says below its buttons."""
        return str(self.do("answer = widget('pluripaint_sentence').text()"))

    def words(self) -> str:
        """What the docker says of the set in view."""
        return str(self.do("answer = widget('pluripaint_words').text()"))

    def strip(self) -> list[str]:
        """The labels of the thumbnails, empty while there is no set in view."""
        return self.do(
            """
            strip = widget('pluripaint_strip')
            answer = [strip.item(k).text() for k in range(strip.count())] if strip.isVisible() else []
            """
        )

    def ready(self) -> None:
        """Wait until the review is complete."""
        self.wait(
            "widget('pluripaint_insert').isVisible() and widget('pluripaint_insert').isEnabled()",
            "the review",
        )

    def group(self) -> list[list[Any]]:
        """The nodes of the newest group of variations, itself first; empty where there is none."""
        nodes = self.tree()
        starts = [k for k, node in enumerate(nodes) if node[1].startswith("Variations ·")]
        if not starts:
            return []
        first = starts[-1]
        rest = nodes[first + 1 :]
        inside = next((k for k, node in enumerate(rest) if node[0] <= nodes[first][0]), len(rest))
        return [nodes[first], *rest[:inside]]

    def generated(self) -> list[list[Any]]:
        """Wait for a group of variations, and for the docker to say so: Krita may let us in before it is done; the
        group's nodes."""
        wait_for(self.group, PATIENCE, f"a group of variations ({self.sentence()})", 0.1)
        self.wait("widget('pluripaint_sentence').text() != ''", "a sentence about it")
        return self.group()

    def daemon(self) -> psutil.Process:
        """The daemon that the plug-in has started."""
        return psutil.Process(places.read(self.home / "connection.json").pid)

    def _status(self) -> dict[str, Any]:
        with Client(places.read(self.home / "connection.json"), timeout=5.0) as client:
            return client.status(5.0)

    def jobs(self) -> int:
        """How many jobs the daemon has, running or queued."""
        jobs = self._status()["jobs"]
        return int(jobs["running"]) + int(jobs["queued"])

    def worker_rests(self) -> None:
        """Wait until the daemon and its worker are there and warm."""

        def rests() -> bool:
            try:
                return [one["state"] for one in self._status()["workers"]] == ["idle"]
            except (FileNotFoundError, DaemonError):
                return False

        wait_for(rests, PATIENCE, "a worker")

    def without_daemon(self) -> None:
        """End the daemon, and wait until nothing of it is left."""
        try:
            daemon = self.daemon()
            family = [daemon, *daemon.children(recursive=True)]
        except (FileNotFoundError, psutil.NoSuchProcess):
            family = []
        if self._served is not None:
            self._served.close()
        else:
            stop_daemon(self.home)
        wait_for(lambda: all(map(over, family)), PATIENCE, "the daemon's end")

    def daemon_idle(self) -> None:
        """Wait until the daemon has no job."""
        wait_for(lambda: self.jobs() == 0, PATIENCE, "the end of the daemon's job")

    def close(self) -> None:
        """End Krita and its daemon."""
        end(self.process)
        stop_daemon(self.home)
        if self._served is not None:
            self._served.close()


def daemon_program() -> Path:
    """The daemon of the Python that runs the tests."""
    return Path(sys.executable).with_name("pluripaint-daemon")


def over(process: psutil.Process) -> bool:
    """Whether a process has ended; one that Krita has started stays a zombie until Krita asks after it."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def stop_daemon(home: Path) -> None:
    """End the daemon of a home, if it has one."""
    code = (
        "from pluripaint_client import Client\nwith Client.connect(start=False, timeout=2) as c: c.shutdown()"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PLURIPAINT_HOME": str(home)},
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
