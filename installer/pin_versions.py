"""Write constraints-3.N.txt, the versions the installer uses, for the Python that runs this (for
maintainers).

    python installer/pin_versions.py                   # needs a pip of 23.1 or newer
    python installer/pin_versions.py --python 3.14     # for a Python that is not here, from wheels only

Resolves the package's dependencies, its test tools and the build backend in one go and writes what came out.
Torch's
own CUDA wheels are left out: torch names them exactly, and most machines must not get them.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

INSTALLER = Path(__file__).resolve().parent
TORCH = "2.13.0"
BUILD_TOOLS = ["pip", "hatchling>=1.24"]
CUDA = re.compile(r"^(nvidia-|cuda-|triton$)")


def requirements(pyproject: str) -> list[str]:
    """Requirements of the package and of its extras, read without a TOML parser (Python 3.10 has none)."""
    body = re.search(r"^dependencies = \[(.*?)^\]", pyproject, re.S | re.M)
    extras = re.search(r"^\[project\.optional-dependencies\]\n(.*?)\n\[", pyproject, re.S | re.M)
    if not body or not extras:
        raise SystemExit("pyproject.toml has no dependencies or extras that this script can read.")
    return re.findall(r'"([^"]+)"', body.group(1) + extras.group(1))


def resolve(wanted: list[str], python: str) -> list[tuple[str, str]]:
    """Names and versions that pip chooses for ``wanted``, sorted."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed"]
        command += ["--report", str(report), "--only-binary", ":all:", "--target", folder]
        command += ["--python-version", python, *wanted, f"torch=={TORCH}"]
        subprocess.run(command, check=True)
        chosen = json.loads(report.read_text())["install"]
    pins = {
        (item["metadata"]["name"].lower(), item["metadata"]["version"].partition("+")[0]) for item in chosen
    }
    return sorted(pin for pin in pins if not CUDA.match(pin[0]))


def main() -> None:
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=here, help="minor version to resolve for (default: this one)")
    python = parser.parse_args().python
    wanted = requirements((INSTALLER.parent / "pyproject.toml").read_text(encoding="utf-8")) + BUILD_TOOLS
    lines = [f"{name}=={version}" for name, version in resolve(wanted, python)]
    target = INSTALLER / f"constraints-{python}.txt"
    head = f"# Python {python}; written by installer/pin_versions.py\n"
    target.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{target.name}: {len(lines)} versions")


if __name__ == "__main__":
    main()
