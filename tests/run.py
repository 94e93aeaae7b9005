#!/usr/bin/env python3
"""Make an environment outside the clone, install the wheel of this checkout there, and run every check.

    python3 tests/run.py                      # everything: ruff, mypy, import rules, pytest, real editors
    python3 tests/run.py tests/unit -k seam   # only these tests: arguments go to pytest

Needs Python 3.10 or newer and a package index, no root and nothing of the system. The environment lies under
$XDG_CACHE_HOME/pluripaint-tests (~/.cache otherwise), one for each state of pyproject.toml and of the pinned
versions. The tests see the installed wheel only: pytest runs with the checkout's source folders off the path.

Real editors are driven beside the other tests where they are installed; a sentence tells which are not.
PLURIPAINT_EDITORS=none leaves them out, PLURIPAINT_EDITORS=required (CI) makes an absent editor a failure. GIMP 3.0
runs in a root folder of Debian 13 that lies beside the environments, is made once, and needs root.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
SYSTEM_PYTHON = Path("/usr/lib/python3/dist-packages")
STAGE = ("Xvfb", "openbox", "wmctrl", "xdotool", "import")
EDITORS = {
    "gimp": ("gimp-2.10", "mmdebstrap", "/usr/sbin/chroot", str(SYSTEM_PYTHON / "gi")),
    "krita": ("krita", str(SYSTEM_PYTHON / "PyQt5")),
}
"""Folder of tests/editors → the programs (and folders) it needs beside the stage's."""
ROOT_FOLDER = CHECKOUT / "tests" / "editors" / "prepare_root.sh"

sys.dont_write_bytecode = True
sys.path.insert(0, str(CHECKOUT / "installer"))

from pluripaint_installer import pip_source, places, surroundings, torch_build  # noqa: E402
from pluripaint_installer.checkout import Checkout  # noqa: E402
from pluripaint_installer.environment import Environment  # noqa: E402
from pluripaint_installer.lock import only_one  # noqa: E402
from pluripaint_installer.programs import Programs, say  # noqa: E402
from pluripaint_installer.trouble import Trouble  # noqa: E402


def cache_folder() -> Path:
    """Where environments are kept between runs; a machine without a home folder gets a temporary one."""
    chosen = os.environ.get("XDG_CACHE_HOME")
    if chosen:
        return Path(chosen) / "pluripaint-tests"
    try:
        home = Path.home()
    except RuntimeError:
        home = Path(tempfile.gettempdir())
    return (home / ".cache" if os.access(home, os.W_OK) else Path(tempfile.gettempdir())) / "pluripaint-tests"


def key(checkout: Checkout) -> str:
    """What the environment depends on: requirements, pins, the Python."""
    digest = hashlib.sha256(sys.version.encode())
    for file in (CHECKOUT / "pyproject.toml", checkout.constraints(sys.version_info[1])):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def prepare(checkout: Checkout, cache: Path) -> Environment:
    """The test environment with this checkout's wheel in it; everything else is kept from an earlier run."""
    files = surroundings.pip_files(os.environ, Path.home(), places.system_name())
    settings = surroundings.pip_settings(os.environ, files)
    child = surroundings.child_environment(os.environ, settings)
    work = Path(tempfile.mkdtemp(prefix="work-", dir=cache))
    environment = Environment(cache / f"env-{key(checkout)}", work, Programs(child, work / "log"), None)
    ready = environment.folder / "ready"
    try:
        if not ready.exists():
            _make(environment, checkout, pip_source.Index(settings))
            ready.touch()
        else:
            environment.build_wheel(checkout)
        replace = environment.pip(
            "install", "--quiet", "--no-deps", "--force-reinstall", str(environment.wheel())
        )
        environment.programs.run(replace, "Installing this checkout's wheel")
    finally:
        shutil.rmtree(work)
    return environment


def _make(environment: Environment, checkout: Checkout, index: pip_source.Index) -> None:
    say("Making the test environment (once for each state of the requirements) …")
    shutil.rmtree(environment.folder, ignore_errors=True)
    environment.create(index, checkout)
    environment.build_wheel(checkout)
    wheel = environment.wheel()

    def resolve(arguments: Sequence[str]) -> torch_build.Plan:
        return environment.resolve(checkout, [*arguments, f"pluripaint[test] @ {wheel.as_uri()}"])

    plan, why = torch_build.choose(resolve, "auto", torch_build.has_nvidia_gpu(), False)
    say(f"    {why}")
    environment.install(checkout, plan, sum(plan.bytes(index)))


def checks(environment: Environment) -> list[tuple[str, list[str]]]:
    """The checks that are no tests, each with its command."""
    tools = environment.binaries
    return [
        ("ruff check", [str(tools / "ruff"), "check", "--no-cache", "."]),
        ("ruff format", [str(tools / "ruff"), "format", "--no-cache", "--check", "--quiet", "."]),
        ("mypy", [str(tools / "mypy"), "--cache-dir", str(environment.folder / "mypy-cache")]),
        ("import rules", [str(tools / "lint-imports"), "--no-cache"]),
    ]


def run_checks(environment: Environment, variables: dict[str, str]) -> list[str]:
    """Names of the checks that failed; what they say is shown."""
    failed = []
    for name, command in checks(environment):
        source = {"PYTHONPATH": os.pathsep.join(str(CHECKOUT / part) for part in ("daemon", "plugin"))}
        done = subprocess.run(
            command, cwd=CHECKOUT, env={**variables, **source}, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        say(f"{name}: {'fine' if done.returncode == 0 else 'FAILED'}")
        if done.returncode:
            say(done.stdout)
            failed.append(name)
    return failed


def run_tests(
    environment: Environment, variables: dict[str, str], arguments: Sequence[str], editors: Sequence[str]
) -> int:
    """Exit status of pytest on the installed wheel: the tests asked for, or all, real editors beside the others."""
    with tempfile.TemporaryDirectory(prefix="pluripaint-tests-") as folder:
        # No test may come near the user's own installation, also one that forgets to name a home of its own.
        variables = {**variables, "PLURIPAINT_HOME": str(Path(folder) / "home")}
        if arguments:
            chosen = [one if one.startswith("-") else _absolute(one) for one in arguments]
            return subprocess.run(_pytest(environment, chosen), cwd=folder, env=variables).returncode
        return _everything(environment, variables, folder, editors)


def _pytest(environment: Environment, chosen: Sequence[str]) -> list[str]:
    """pytest's command: -P and importlib mode keep the checkout off the path."""
    command = [environment.python, "-P"] if sys.version_info >= (3, 11) else [environment.python]
    command += ["-m", "pytest", "-p", "no:cacheprovider", "--import-mode=importlib", "--durations=10"]
    return [*command, "--rootdir", str(CHECKOUT), "-c", str(CHECKOUT / "pyproject.toml"), *chosen]


def _everything(
    environment: Environment, variables: dict[str, str], folder: str, editors: Sequence[str]
) -> int:
    """All tests. Editors mostly wait, so theirs run at the same time, one after the other; the rest gives way."""
    tests = str(CHECKOUT / "tests")
    beside: subprocess.Popen[bytes] | None = None
    heard = Path(folder) / "editors.log"
    if editors:
        command = _pytest(environment, ["-m", "editor", *editors])
        with heard.open("wb") as log:
            beside = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log)
    rest = ["nice", "-n", "5", *_pytest(environment, ["-m", "not editor", tests])]
    closing, status = _shown_but_its_end(rest, folder, variables)
    if beside is None:
        print(closing, end="", flush=True)
        return status
    theirs = beside.wait()
    said = heard.read_text(errors="replace")
    # What failed is said last, or the log's end would speak of success.
    print(*([said, closing] if status or not theirs else [closing, said]), sep="\n", end="", flush=True)
    return status or theirs


def _shown_but_its_end(command: Sequence[str], folder: str, variables: dict[str, str]) -> tuple[str, int]:
    """Runs a command, showing its lines as they come but the last, which is returned with the exit status."""
    last = ""
    with subprocess.Popen(
        command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout
        for line in running.stdout:
            print(last, end="", flush=True)
            last = line
    return last, running.returncode


def editor_folders() -> list[str]:
    """Folders of tests whose editors are here, or must be."""
    wish = os.environ.get("PLURIPAINT_EDITORS", "installed")
    if wish == "none":
        return []
    folders = []
    for name, needs in EDITORS.items():
        missing = [one for one in (*STAGE, *needs) if not (shutil.which(one) or Path(one).is_dir())]
        if name == "gimp" and os.geteuid() != 0:
            missing.append("root")
        if missing and wish != "required":
            say(f"Left out: the tests in a real {name.capitalize()}, which need {', '.join(missing)}.")
            continue
        folders.append(str(CHECKOUT / "tests" / "editors" / name))
    return folders


def start_root_folder(editors: Sequence[str]) -> subprocess.Popen[bytes] | None:
    """The making of GIMP 3.0's root folder, which takes minutes and waits for nothing; ``None`` without GIMP."""
    if not any(Path(folder).name == "gimp" for folder in editors):
        return None
    quiet = subprocess.DEVNULL
    return subprocess.Popen(["sh", str(ROOT_FOLDER)], stdin=quiet, stdout=quiet, stderr=quiet)


def _absolute(argument: str) -> str:
    """A path under the checkout as pytest needs it elsewhere; other words (the value of -k) stay."""
    path = CHECKOUT / argument.partition("::")[0]
    return str(CHECKOUT / argument) if path.exists() else argument


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 all well, else that of pytest or 1."""
    began = time.monotonic()
    editors = [] if arguments else editor_folders()
    making = start_root_folder(editors)
    cache = cache_folder()
    checkout = Checkout(CHECKOUT)
    try:
        with only_one(cache):
            environment = prepare(checkout, cache)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    say(f"The environment is ready after {time.monotonic() - began:.0f} s: {environment.folder}")
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    variables.update(
        PYTHONDONTWRITEBYTECODE="1", PATH=f"{environment.binaries}{os.pathsep}{os.environ['PATH']}"
    )
    # Compiled kernels are kept beside the environment, or each run would compile them anew.
    variables["NUMBA_CACHE_DIR"] = str(environment.folder / "numba-cache")
    failed = [] if arguments else run_checks(environment, variables)
    if failed:
        say(f"The run will fail: {', '.join(failed)}. The tests follow all the same.")
    if making and making.wait():
        say(f"GIMP 3.0's root folder could not be made; its tests will fail. To see why: sh {ROOT_FOLDER}")
    status = run_tests(environment, variables, arguments, editors)
    return status or (1 if failed else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
