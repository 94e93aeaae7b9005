"""The installer's parts by themselves: folders, sources of packages, pip's bootstrap, torch's build, login starts."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import plistlib
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from pluripaint_installer import login_start, pip_source, places, surroundings, torch_build
from pluripaint_installer.checkout import Checkout
from pluripaint_installer.manifest import Manifest
from pluripaint_installer.trouble import Trouble

from pluripaint.cli import _login, doctor

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND = ['/home/ü/it\'s "a" 100% $HOME `x` \\ y/current/bin/pluripaint-daemon']


# ------------------------------------------------------------------------------------------------ folders


@pytest.mark.parametrize(("system", "rules"), [("linux", Unix), ("macos", MacOS)])
@pytest.mark.parametrize("chosen", [False, True])
def test_folders_are_those_of_platformdirs(monkeypatch, tmp_path, system, rules, chosen) -> None:
    for kind in ("DATA", "STATE", "CACHE", "CONFIG"):
        monkeypatch.delenv(f"XDG_{kind}_HOME", raising=False)
        if chosen:
            monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    monkeypatch.setenv("HOME", str(tmp_path))
    environ = {key: value for key, value in os.environ.items() if key != "PLURIPAINT_HOME"}
    ours, theirs = places.find(system, environ, tmp_path, tmp_path), rules("pluripaint", appauthor=False)
    assert str(ours.data) == theirs.user_data_dir
    assert str(ours.cache) == theirs.user_cache_dir
    assert str(ours.logs) == theirs.user_log_dir


def test_the_connection_file_lies_in_the_real_home_whatever_a_sandbox_says() -> None:
    sandbox = {"XDG_DATA_HOME": "/sandbox/data"}
    found = places.find("linux", sandbox, Path("/sandbox"), Path("/home/anna"))
    assert found.launch == Path("/home/anna/.local/share/pluripaint/launch.json")
    assert found.data == Path("/sandbox/data/pluripaint")


def test_a_private_home_holds_everything_and_has_its_own_unit() -> None:
    found = places.find("linux", {"PLURIPAINT_HOME": "/p"}, Path("/h"), Path("/h"))
    assert {found.prefix, found.data, found.connection, found.logs.parent, found.cache.parent} == {Path("/p")}
    assert (
        found.unit_name != places.find("linux", {"PLURIPAINT_HOME": "/q"}, Path("/h"), Path("/h")).unit_name
    )


# ------------------------------------------------------------------------------------------------ package sources


def test_sources_are_kept_and_redirections_dropped(tmp_path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://files/simple\nuser = true\n[install]\ntarget = /elsewhere\n"
    )
    environ = {
        "PIP_PREFIX": "/elsewhere",
        "PIP_CERT": "/cert",
        "PIP_CONFIG_FILE": str(file),
        "PYTHONPATH": "/x",
    }
    files = surroundings.pip_files(environ, tmp_path, "linux")
    settings = surroundings.pip_settings(environ, [path for path in files if path == file])
    assert settings == {"index-url": "https://files/simple", "cert": "/cert"}
    child = surroundings.child_environment({**environ, "VIRTUAL_ENV": "/v", "HOME": "/h"}, settings)
    assert child["PIP_INDEX_URL"] == "https://files/simple" and child["HOME"] == "/h"
    assert not {"PIP_PREFIX", "PYTHONPATH", "VIRTUAL_ENV"} & set(child)


class Server:
    """A package index on this machine that serves given bodies."""

    def __init__(self, bodies: dict[str, tuple[str, bytes]]) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = bodies.get(self.path, ("", b""))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if self.command == "GET" else b"")

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, format: str, *words: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def serve():
    servers = []

    def start(bodies: dict[str, tuple[str, bytes]]) -> str:
        servers.append(Server(bodies))
        return servers[-1].url

    yield start
    for one in servers:
        one.server.shutdown()
        one.server.server_close()


PIP = b"a wheel"
DIGEST = hashlib.sha256(PIP).hexdigest()
NAMES = [
    "pip-25.0-py3-none-any.whl",
    "pip-26.3-py3-none-any.whl",
    "pip-26.4rc1-py3-none-any.whl",
    "pip-26.3.tar.gz",
]


def _index(kind: str, digest: str) -> tuple[str, bytes]:
    if kind == "json":
        files = [{"url": f"../../files/{name}", "hashes": {"sha256": digest}} for name in NAMES]
        return "application/vnd.pypi.simple.v1+json", json.dumps({"files": files}).encode()
    links = "".join(f'<a href="../../files/{name}#sha256={digest}">{name}</a>' for name in NAMES)
    return "text/html", links.encode()


@pytest.mark.parametrize("kind", ["json", "html"])
@pytest.mark.parametrize(("wanted", "got"), [((25, 0), NAMES[0]), ((9, 9), NAMES[1]), (None, NAMES[1])])
def test_pip_is_fetched_from_the_configured_index(serve, tmp_path, kind, wanted, got) -> None:
    url = serve({"/simple/pip/": _index(kind, DIGEST), f"/files/{got}": ("application/zip", PIP)})
    path = pip_source.Index({"index-url": f"{url}/simple"}).fetch_pip(tmp_path, wanted)
    assert path.name == got and path.read_bytes() == PIP


def test_a_damaged_pip_is_refused(serve, tmp_path) -> None:
    url = serve({"/simple/pip/": _index("json", "0" * 64), f"/files/{NAMES[1]}": ("application/zip", PIP)})
    with pytest.raises(Trouble, match="damaged"):
        pip_source.Index({"index-url": f"{url}/simple"}).fetch_pip(tmp_path, None)
    assert not list(tmp_path.iterdir())


def test_where_pip_cannot_be_had_the_one_package_is_named(serve, tmp_path) -> None:
    with pytest.raises(Trouble, match="python3-venv"):
        pip_source.Index({"index-url": serve({}) + "/simple"}).fetch_pip(tmp_path, None)


# ------------------------------------------------------------------------------------------------ torch


def plan(*names: str) -> torch_build.Plan:
    items = [
        {"metadata": {"name": name}, "download_info": {"url": f"https://x/{name}.whl"}} for name in names
    ]
    return torch_build.read_report({"install": items}, ["torch"])


LEAN, CUDA = plan("torch", "sympy"), plan("torch", "nvidia_cublas", "triton")


@pytest.mark.parametrize(
    ("index", "wanted", "gpu", "own", "expected"),
    [
        ([LEAN], "auto", False, False, LEAN),
        ([CUDA, LEAN], "auto", False, False, LEAN),
        ([CUDA], "auto", True, False, CUDA),
        ([CUDA], "cuda", False, False, CUDA),
        ([CUDA, LEAN], "cpu", True, False, LEAN),
        ([CUDA], "auto", False, True, CUDA),
    ],
)
def test_the_build_of_torch_follows_the_machine(index, wanted, gpu, own, expected) -> None:
    asked, answers = [], iter(index)

    def resolve(arguments):
        asked.append(list(arguments))
        return next(answers)

    assert torch_build.choose(resolve, wanted, gpu, own)[0] is expected
    assert (torch_build.CPU_INDEX in asked[-1]) == (len(index) == 2)


def test_without_the_cpu_index_no_cuda_comes_by_stealth() -> None:
    def resolve(arguments):
        if len(arguments) > 1:
            raise Trouble("no way there")
        return CUDA

    with pytest.raises(Trouble, match="--torch cuda"):
        torch_build.choose(resolve, "auto", False, False)


def test_a_gpu_is_told_by_its_driver(tmp_path) -> None:
    assert not torch_build.has_nvidia_gpu("linux", tmp_path)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "nvidiactl").touch()
    assert torch_build.has_nvidia_gpu("linux", tmp_path)


def test_the_size_to_download_leaves_out_what_is_here(serve, tmp_path) -> None:
    (tmp_path / "b.whl").write_bytes(b"12345")
    url = serve({"/a.whl": ("application/zip", b"123")})
    both = torch_build.Plan((), (), (f"{url}/a.whl", (tmp_path / "b.whl").as_uri()))
    assert both.bytes(pip_source.Index({})) == (3, 8)


def test_a_full_disk_is_told_before_anything_is_fetched(tmp_path) -> None:
    with pytest.raises(Trouble, match="--prefix"):
        torch_build.enough_space(tmp_path, 10**15)


# ------------------------------------------------------------------------------------------------ versions


def test_every_python_in_the_range_has_its_pins() -> None:
    checkout = Checkout(REPOSITORY)
    for minor in range(10, 15):
        assert checkout.pinned("torch", minor) == torch_build.VERSION
        assert not [line for line in checkout.constraints(minor).read_text().splitlines() if "nvidia" in line]


def test_a_python_outside_the_range_looks_for_another(tmp_path) -> None:
    """Driven by narrowing the range in a copy: the program found on PATH gets the same arguments."""
    text = (REPOSITORY / "installer" / "install.py").read_text()
    script = tmp_path / "install.py"
    script.write_text(text.replace("OLDEST, NEWEST = (3, 10), (3, 14)", "OLDEST, NEWEST = (3, 97), (3, 99)"))
    other = tmp_path / "python3.98"
    other.write_text('#!/bin/sh\necho "found: $@"\n')
    other.chmod(0o755)
    run = [sys.executable, str(script), "--dry-run"]
    done = subprocess.run(run, capture_output=True, text=True, env={"PATH": f"{tmp_path}:/bin:/usr/bin"})
    assert done.stdout.splitlines()[-1] == f"found: -I {script} --dry-run"
    other.unlink()
    done = subprocess.run(run, capture_output=True, text=True, env={"PATH": str(tmp_path)})
    assert done.returncode == 1 and "needs Python 3.97 to 3.99" in done.stderr


# ------------------------------------------------------------------------------------------------ login starts


@pytest.mark.parametrize("folder", ["plain", "with spaces, ü, 100% and $HOME", 'it\'s "quoted"'])
def test_systemd_accepts_the_unit(tmp_path, folder) -> None:
    """By its own checker, where that is here; that the words are quoted as it wants is looked at everywhere."""
    program = tmp_path / folder / "pluripaint-daemon"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "pluripaint.service"
    unit.write_text(login_start.systemd_unit([str(program)], {"PLURIPAINT_HOME": "/a b/100%"}))
    assert '"PLURIPAINT_HOME=/a b/100%%"' in unit.read_text()
    (start,) = [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
    assert start.endswith('/pluripaint-daemon"') and start.count("%") % 2 == 0
    if shutil.which("systemd-analyze"):
        environ = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
        verify = ["systemd-analyze", "--user", "verify", "--man=no", str(unit)]
        done = subprocess.run(verify, capture_output=True, text=True, env=environ, timeout=60)
        about_ours = [line for line in (done.stdout + done.stderr).splitlines() if "pluripaint" in line]
        assert done.returncode == 0 and not about_ours, done.stderr


def test_the_desktop_entry_passes_any_path() -> None:
    entry = login_start.desktop_entry(COMMAND, {})
    line = next(text for text in entry.splitlines() if text.startswith("Exec="))[5:]
    line = line.replace("\\\\", "\\").replace("%%", "%")
    done = subprocess.run(["sh", "-c", f"printf %s {line}"], capture_output=True, text=True)
    assert done.stdout == COMMAND[0]


def test_the_launch_agent_is_a_property_list() -> None:
    job = plistlib.loads(
        login_start.launch_agent(COMMAND, {"PLURIPAINT_HOME": "/p"}, "org.pluripaint.x").encode()
    )
    assert job["ProgramArguments"] == COMMAND and job["RunAtLoad"] is True
    assert job["KeepAlive"] == {"SuccessfulExit": False} and job["EnvironmentVariables"] == {
        "PLURIPAINT_HOME": "/p"
    }


def test_the_run_key_quotes_spaces() -> None:
    command = [r"C:\Users\An na\pluripaint\env\Scripts\pluripaint-daemon.exe"]
    content = login_start.content_for("run-key", command, places.find("windows", {}, Path("/h"), Path("/h")))
    (add,) = login_start.switch_on(Path("pluripaint-run.txt"), content)
    assert add[add.index("/d") + 1] == f'"{command[0]}"' and add[add.index("/v") + 1] == "pluripaint"


def test_the_run_key_is_removed_by_the_name_it_was_added_with() -> None:
    file = login_start.file_for("run-key", places.find("windows", {}, Path("/h"), Path("/h")))
    (add,), (delete,) = login_start.switch_on(file, "x\n"), login_start.switch_off(file)
    assert add[:3] == ["reg", "add", delete[2]] and delete[1] == "delete"
    assert add[add.index("/v") + 1] == delete[delete.index("/v") + 1] == "pluripaint"


def test_the_launch_agent_is_unloaded_by_its_label() -> None:
    """launchctl knows a job by the label inside the file, the installer only the file's name."""
    where = places.find("macos", {}, Path("/h"), Path("/h"))
    file = login_start.file_for("launchagent", where)
    assert file.parent == Path("/h/Library/LaunchAgents")
    label = plistlib.loads(login_start.content_for("launchagent", COMMAND, where).encode())["Label"]
    (unload,) = login_start.switch_off(file)
    assert label == file.stem and unload[-1].endswith(f"/{label}")
    assert login_start.switch_on(file, "")[0][-1] == str(file)


@pytest.mark.parametrize("private", [None, "/a b/100%"])
@pytest.mark.parametrize("kind", ["systemd", "xdg", "launchagent"])
@pytest.mark.parametrize("command", [COMMAND, ["/home/anna b/100% $HOME/current/bin/pluripaint-daemon"]])
def test_doctor_reads_the_program_out_of_every_login_start(tmp_path, kind, private, command) -> None:
    environ = {"PLURIPAINT_HOME": private} if private else {}
    where = places.find("macos" if kind == "launchagent" else "linux", environ, tmp_path, tmp_path)
    file = login_start.file_for(kind, where)
    file.parent.mkdir(parents=True)
    file.write_text(login_start.content_for(kind, command, where), encoding="utf-8")
    assert _login.program_of(file) == command[0]


def test_doctor_names_a_login_start_whose_program_is_gone(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    where = places.find("linux", {"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path, tmp_path)
    file = login_start.file_for("xdg", where)
    file.parent.mkdir()
    file.write_text(login_start.content_for("xdg", COMMAND, where), encoding="utf-8")
    found = [finding for finding in doctor.autostart() if str(file) in finding.what]
    assert [(one.state, one.next_step) for one in found] == [("bad", "Run the installer again.")]


@pytest.mark.parametrize(("said", "state"), [("enabled", "ok"), ("disabled", "bad")])
def test_doctor_names_a_unit_that_is_switched_off(tmp_path, monkeypatch, said, state) -> None:
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.parent.mkdir()
    systemctl.write_text(f"#!/bin/sh\necho {said}\n")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(systemctl.parent))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    where = places.find("linux", {"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path, tmp_path)
    file = login_start.file_for("systemd", where)
    file.parent.mkdir(parents=True)
    program = tmp_path / "pluripaint-daemon"
    program.touch()
    file.write_text(login_start.content_for("systemd", [str(program)], where), encoding="utf-8")
    (found,) = [finding for finding in doctor.autostart() if str(file) in finding.what]
    assert found.state == state


# ------------------------------------------------------------------------------------------------ manifest


def test_folders_that_were_there_are_not_ours(tmp_path) -> None:
    (tmp_path / "theirs").mkdir()
    manifest = Manifest(tmp_path / "manifest.json")
    manifest.add_folder(tmp_path / "theirs" / "ours" / "deep")
    again = Manifest.load(manifest.path)
    assert again.entries == [
        (k, str(tmp_path / "theirs" / p)) for k, p in (("folder", "ours"), ("folder", "ours/deep"))
    ]


def test_a_damaged_record_is_one_sentence(tmp_path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(Trouble, match="can't be read"):
        Manifest.load(tmp_path / "manifest.json")
