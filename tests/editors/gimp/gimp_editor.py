"""A real GIMP on a stage: 2.10 of this system, 3.0 in a root folder; a hand inside it for preparing and looking."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from stage import Stage, end, wait_for

from pluripaint_client import Client
from pluripaint_client import connection as places

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "plugin" / "gimp"))
from deploy import deploy  # noqa: E402

KEYS = {
    "generate": "<Primary><Alt>1",
    "generate-last": "<Primary><Alt>2",
    "generate-more": "<Primary><Alt>3",
    "pick": "<Primary><Alt>4",
    "keep": "<Primary><Alt>5",
    "status": "<Primary><Alt>6",
}


class Gimp:
    """One running GIMP. ``root``: a root folder to run in, ``None``: this system's GIMP 2.10."""

    def __init__(self, stage: Stage, root: Path | None, home: Path, picture: Path, version: str) -> None:
        self.stage, self.root, self.version = stage, root, version
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
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.log = self.outside / "gimp.log"
        self._process = self._start(self.inside / picture.name)
        self._socket = wait_for(self._connect, 60, f"GIMP {version}'s Script-Fu server")
        self.window = stage.window(picture.name.split(".")[0], 30)

    def _install(self) -> None:
        deploy(self.profile, "/usr/bin/python3")
        hand = self.profile / "plug-ins" / "pluripaint-hand"
        hand.mkdir()
        entry = hand / "pluripaint-hand.py"
        shutil.copy(Path(__file__).with_name("hand.py"), entry)
        entry.chmod(0o755)
        if self.version == "2.10":
            lines = [
                f'(gtk_accel_path "<Actions>/plug-in/plug-in-pluripaint-{n}" "{k}")' for n, k in KEYS.items()
            ]
            (self.profile / "menurc").write_text("\n".join(lines) + "\n")
            (self.profile / "gimprc").write_text("(save-session-info no)\n(restore-session no)\n")
        else:
            lines = [f'(action "plug-in-pluripaint-{n}" "{k}")' for n, k in KEYS.items()]
            (self.profile / "shortcutsrc").write_text("(file-version 1)\n" + "\n".join(lines) + "\n")
            (self.profile / "gimprc").write_text(
                f'(config-version "{self.version}.4")\n(show-welcome-dialog no)\n(check-updates no)\n'
                "(save-session-info no)\n(restore-session no)\n"
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
        }
        server = f'RUN-NONINTERACTIVE "127.0.0.1" {self.port} ""'
        command = [f"gimp-{self.version}", "-n", "-s", "-d", "-f"]
        if self.version == "2.10":
            command += ["-b", f"(plug-in-script-fu-server {server})"]
        else:
            command += [
                "--batch-interpreter",
                "plug-in-script-fu-eval",
                "-b",
                f"(plug-in-script-fu-server {server})",
            ]
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
            raise AssertionError(f"GIMP ended: {self.log.read_text()[-2000:]}")
        try:
            return socket.create_connection(("127.0.0.1", self.port), 60)
        except OSError:
            return None

    # -- the hand
    def scheme(self, text: str) -> str:
        """Runs Scheme in GIMP's Script-Fu server."""
        data = text.encode()
        self._socket.sendall(b"G" + struct.pack(">H", len(data)) + data)
        head = self._take(4)
        answer = self._take(struct.unpack(">H", head[2:])[0]).decode()
        if head[1]:
            raise AssertionError(f"Script-Fu: {answer}\n{self.log.read_text()[-2000:]}")
        return answer

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._socket.recv(count - len(data))
            if not part:
                raise AssertionError(f"GIMP closed the connection\n{self.log.read_text()[-2000:]}")
            data += part
        return data

    def hand(self, code: str) -> Any:
        """Runs Python inside GIMP; the value of ``answer`` comes back."""
        coded = base64.b64encode(code.encode()).decode()
        name = f"hand-{time.monotonic_ns()}.json"
        self.scheme(f'(pluripaint-test-hand 1 "{coded}" "{self.inside / name}")')
        said = json.loads((self.outside / name).read_text())
        if "error" in said:
            raise AssertionError(said["error"])
        return said["answer"]

    def state(self) -> Any:
        """Layers, eyes, pixels, active layers and selection of the newest picture."""
        return self.hand("answer = state(max(images()))")

    def wait_state(self, test: Any, seconds: float, describe: str) -> Any:
        """The first state for which ``test`` holds."""
        last: list[Any] = []

        def look() -> Any:
            last[:] = [self.state()]
            return last[0] if test(last[0]) else None

        return wait_for(look, seconds, describe, 0.2)

    def remember(self, **settings: Any) -> None:
        """Writes the last settings, as an earlier run of the window would have left them."""
        (self.profile / "pluripaint.json").write_text(json.dumps(settings))

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

    def pixels(self, layer: str, encoding: str, dtype: str, box: str = "whole(one)") -> np.ndarray:
        """A layer's rows by name (``visible``: what is seen, ``selection``: the selection)."""
        path = self.inside / "rows"
        width, height = self.hand(
            f"image = max(images()); one = drawable(image, {layer!r}); box = {box}\n"
            f"rows = gimp.read(one, box, gimp.format(one, {encoding!r}))\n"
            f"open({str(path)!r}, 'wb').write(rows); answer = [box.width, box.height]"
        )
        return np.frombuffer((self.outside / "rows").read_bytes(), dtype).reshape(height, width, -1)

    def big_picture(self, width: int, height: int) -> None:
        """A picture filled with noise inside GIMP."""
        self.hand(f"answer = big_picture({width}, {height})")

    def close_picture(self) -> None:
        """Closes the newest picture without saving."""
        self.hand("forget(max(images()))")

    def refusal(self, action: str) -> str:
        """The sentence with which an entry refuses, as a script gets to see it."""
        image = self.hand("answer = max(images())")
        layer = self.hand("answer = gimp.layers(max(images()))[0]")
        name = f"plug-in-pluripaint-{action}"
        call = (
            f"({name} 1 {image} {layer})"
            if self.version == "2.10"
            else f"({name} 1 {image} (vector {layer}))"
        )
        try:
            self.scheme(call)
        except AssertionError as error:
            return str(error)
        return ""

    def plug_in_process(self) -> psutil.Process:
        """Our plug-in's process, once it is there."""
        target = str(self.inside / "profile/plug-ins/pluripaint/pluripaint.py")

        def find() -> psutil.Process | None:
            for one in psutil.Process(self._process.pid).children(recursive=True):
                try:
                    if target in one.cmdline() and "-run" in one.cmdline():
                        return one
                except psutil.Error:
                    continue
            return None

        return wait_for(find, 15, "the plug-in's process")

    def _queue(self) -> int:
        with Client(places.read(self.home / "connection.json"), timeout=5.0) as client:
            status = client.status(5.0)
        return int(status["running"]) + int(status["waiting"])

    def daemon_busy(self) -> None:
        """Waits until the daemon works on a job."""
        wait_for(lambda: self._queue() > 0, 15, "a job in the daemon")

    def daemon_idle(self) -> None:
        """Waits until the daemon has no job."""
        wait_for(lambda: self._queue() == 0, 15, "the end of the daemon's job")

    def dismiss(self) -> None:
        """Closes GIMP's own message windows."""
        for number, title in self.stage.windows().items():
            if number != self.window and "– GIMP" not in title:
                self.stage.focus(number)
                self.stage.key("Escape")

    # -- the person
    def press(self, action: str) -> None:
        """Triggers one of our menu entries by its keys."""
        self.keys(KEYS[action].replace("<Primary>", "ctrl+").replace("<Alt>", "alt+"))

    def wait_review(self) -> None:
        """Waits until all candidates of the window's job are there: its title says so."""
        self.stage.window("variations ·", 60)
        time.sleep(0.2)

    def keys(self, *keys: str) -> None:
        """Presses keys in the picture's window."""
        self.stage.focus(self.window)
        self.stage.key(*keys)

    def close(self) -> None:
        """Ends GIMP and every process it started."""
        with contextlib.suppress(OSError):
            self._socket.close()
        end(self._process)
        if self.root:
            shutil.rmtree(self.outside, ignore_errors=True)


def shots_folder(otherwise: Path) -> Path:
    """Where screenshots go: ``PLURIPAINT_SHOTS`` or beside the run."""
    return Path(os.environ.get("PLURIPAINT_SHOTS") or otherwise / "shots")


def root_folder() -> Path:
    """The Debian 13 root folder, made when missing."""
    script = REPOSITORY / "tests" / "editors" / "prepare_root.sh"
    done = subprocess.run([str(script)], capture_output=True, text=True, check=True, env=os.environ)
    return Path(done.stdout.strip().splitlines()[-1])
