"""Tests in real editors: which editors ran, how many tests each; fewer than promised fails where editors are required.

``stage`` and ``real_daemon`` beside this file serve every editor. ``PLURIPAINT_EDITORS=required`` (set by CI) makes too
few tests a failure, also when a test was deselected or its folder was renamed. ``PLURIPAINT_GIMP3=3.2`` runs GIMP 3.2
instead of 3.0, ``PLURIPAINT_KRITA_SUITE=forky`` that Debian's Krita.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

PROMISED = {"GIMP": 52, "GIMP 2.10": 87, "GIMP 3.0": 86, "Krita": 120}
"""Editor → how many of its tests must at least pass; “GIMP”: those that compare the two."""

_passed: Counter[str] = Counter()
_chosen: list[pytest.Item] = []


def _editor(nodeid: str) -> str:
    """The editor that a test drives, by its folder and its parameter."""
    folder = Path(nodeid.partition("::")[0]).parent.name
    if folder == "gimp":
        return next(
            (f"GIMP {version}" for version in ("2.10", "3.0", "3.2") if f"[{version}" in nodeid), "GIMP"
        )
    return folder.capitalize()


def _version(editor: str) -> str:
    """What the editor says of itself; empty where it says nothing."""
    if editor in ("GIMP 3.0", "GIMP 3.2"):
        from gimp_editor import root_folder

        command = ["/usr/sbin/chroot", str(root_folder()), f"gimp-{editor[5:]}", "--version"]
    elif editor == "GIMP 2.10":
        command = ["gimp-2.10", "--version"]
    else:
        from krita_editor import SUITE, root_folder

        chroot = ["/usr/sbin/chroot", str(root_folder())] if SUITE else []
        command = [*chroot, "dpkg-query", "--show", "--showformat=${Version}", editor.lower()]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def _too_few() -> dict[str, str]:
    """Editors of which fewer tests passed than promised; empty unless editors are required and this run drives any."""
    if os.environ.get("PLURIPAINT_EDITORS") != "required" or not _chosen:
        return {}
    return {
        editor: f"{editor}: {_passed[editor]} tests passed, {least} are promised"
        for editor, least in PROMISED.items()
        if _passed[editor] < least
    }


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what the editor wrote and where a picture of its screen lies."""
    report = yield
    if report.failed:
        editors = {id(one): one for one in getattr(item, "funcargs", {}).values() if hasattr(one, "evidence")}
        for editor in editors.values():
            report.sections.append(("The editor", editor.evidence(f"failed-{item.name}-{report.when}")))
    return report


def pytest_collection_finish(session: pytest.Session) -> None:
    """Notes which tests of editors will run."""
    _chosen.extend(item for item in session.items if item.get_closest_marker("editor"))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Counts what passed."""
    if report.when == "call" and report.passed and "editors" in Path(report.nodeid.partition("::")[0]).parts:
        _passed[_editor(report.nodeid)] += 1


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Too few tests fail the run."""
    if _too_few() and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Versions and counts."""
    if not _passed and not _too_few():
        return
    terminalreporter.section("editors")
    for editor in sorted(set(_passed) | set(_too_few())):
        terminalreporter.write_line(f"{editor} ({_version(editor)}): {_passed[editor]} tests passed")
    for sentence in _too_few().values():
        terminalreporter.write_line(f"FAILED {sentence}")
