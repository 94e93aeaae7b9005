"""A small stand-in for everything the installer fetches and builds, so that its transactions take seconds.

``make_wheels`` writes a folder of wheels: the running environment's own pip, a build backend of thirty lines, a torch
without content. ``make_checkout`` writes a checkout with the real installer, the editors' real plug-ins and a package
whose daemon is a real process behind a real socket, which "fills" the sample by writing a contact sheet.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import shutil
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

BACKEND = """
import pathlib, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    version = pathlib.Path("pyproject.toml").read_text().split('version = "')[1].split('"')[0]
    name = f"pluripaint-{version}-py3-none-any.whl"
    info = f"pluripaint-{version}.dist-info"
    files = {f"pluripaint/{p.name}": p.read_text() for p in pathlib.Path("package").glob("*.py")}
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\\nName: pluripaint\\nVersion: {version}\\nRequires-Dist: torch>=2.6\\n"
    )
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: small\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[f"{info}/entry_points.txt"] = (
        "[console_scripts]\\npluripaint = pluripaint.program:main\\npluripaint-daemon = pluripaint.program:daemon\\n"
    )
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"]))
    return name
"""

PROGRAM = """
import json, os, pathlib, socket, subprocess, sys, time

VERSION, BROKEN = "@VERSION@", "@BROKEN@"
HOME = pathlib.Path(os.environ.get("PLURIPAINT_HOME") or pathlib.Path.home() / ".local/share/pluripaint")
CACHE = HOME / "cache" if "PLURIPAINT_HOME" in os.environ else pathlib.Path.home() / ".cache/pluripaint"
FILE = HOME / "connection.json"


def ask(text):
    port = json.loads(FILE.read_text())["port"]
    with socket.create_connection(("127.0.0.1", port), 5) as link:
        link.sendall(text.encode())
        link.shutdown(socket.SHUT_WR)
        return link.makefile().read()


def running():
    try:
        return ask("status")
    except (OSError, ValueError):
        return None


def start():
    if running():
        return
    command = json.loads((HOME / "launch.json").read_text())["command"]
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.Popen(command, start_new_session=True, cwd="/", **quiet)
    wait()


def wait():
    for _ in range(500):
        if running():
            return
        time.sleep(0.02)
    sys.exit("Error: the daemon does not answer.")


def main():
    verb = sys.argv[1]
    if verb == "generate":
        if BROKEN == "proof" or (BROKEN == "final" and HOME.name != "proof"):
            sys.exit("Error: this version can't fill anything.")
        start()
        print(ask("fill " + sys.argv[sys.argv.index("-o") + 1]))
    elif sys.argv[2] == "start":
        start()
    elif sys.argv[2] == "wait":
        wait()
    elif sys.argv[2] == "stop":
        if running():
            ask("stop")
        while FILE.exists():
            time.sleep(0.02)
    elif sys.argv[2] == "status":
        print(running() or sys.exit("Error: no daemon is running."))


def daemon():
    CACHE.mkdir(exist_ok=True)
    (CACHE / "compiled").write_text(VERSION)
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(120)
    status = json.dumps({"port": server.getsockname()[1], "pid": os.getpid(), "version": VERSION})
    temporary = FILE.with_suffix(".new")
    temporary.write_text(status)
    os.replace(temporary, FILE)
    while True:
        link, _ = server.accept()
        with link, link.makefile("rw") as stream:
            word, _, rest = stream.read().partition(" ")
            if word == "fill":
                pathlib.Path(rest).mkdir(parents=True)
                (pathlib.Path(rest) / "contact-sheet.png").write_bytes(b"\\x89PNG" + VERSION.encode())
            stream.write(status)
        if word == "stop":
            FILE.unlink()
            return
"""


def write_wheel(folder: Path, name: str, version: str, files: dict[str, bytes], metadata: str = "") -> None:
    """A wheel of pure Python ``files`` (path to content)."""
    info = f"{name}-{version}.dist-info"
    files = dict(files)
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}".encode()
    )
    files[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: small\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    record = "".join(f"{path},sha256={_digest(content)},{len(content)}\n" for path, content in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def write_pip_wheel(folder: Path) -> None:
    """The pip of the running environment as a wheel again."""
    pip = importlib.metadata.distribution("pip")
    files = {}
    for file in pip.files or []:
        path = file.as_posix()
        if (file.parts[0] == "pip" and file.suffix != ".pyc") or path.endswith("entry_points.txt"):
            files[path] = Path(str(file.locate())).read_bytes()
    write_wheel(folder, "pip", pip.version, files)


def make_wheels(folder: Path) -> Path:
    folder.mkdir(parents=True)
    write_pip_wheel(folder)
    write_wheel(
        folder, "hatchling", "1.33.0", {"hatchling/__init__.py": b"", "hatchling/build.py": BACKEND.encode()}
    )
    write_wheel(folder, "torch", "2.13.0", {"torch/__init__.py": b""})
    return folder


def make_checkout(folder: Path, version: str, broken: str = "") -> Path:
    """A checkout of the small package; ``broken`` "proof" fails every job, "final" those after the switch."""
    hidden = shutil.ignore_patterns("__pycache__")
    for part in ("installer", "plugin"):
        shutil.copytree(REPOSITORY / part, folder / part, ignore=hidden)
    pins = f"pip=={importlib.metadata.version('pip')}\nhatchling==1.33.0\ntorch==2.13.0\n"
    for minor in range(10, 15):
        (folder / "installer" / f"constraints-3.{minor}.txt").write_text(pins)
    backend = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    (folder / "pyproject.toml").write_text(
        f'{backend}[project]\nname = "pluripaint"\nversion = "{version}"\n'
    )
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").write_text("")
    program = PROGRAM.replace("@VERSION@", version).replace("@BROKEN@", broken)
    (folder / "package" / "program.py").write_text(program)
    (folder / "assets" / "sample").mkdir(parents=True)
    for name in ("photo.jpg", "mask.png"):
        (folder / "assets" / "sample" / name).write_bytes(b"picture")
    return folder
