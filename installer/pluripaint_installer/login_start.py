"""Starting the daemon at login: a systemd user unit, else XDG autostart; LaunchAgent on macOS; HKCU Run on
Windows.

The last two are written after their makers' pages and tested as files; nobody has seen them start
a session yet.
"""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .places import Places

DESCRIPTION = "pluripaint daemon (fills for GIMP and Krita)"
RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"


def systemctl(environ: Mapping[str, str] | None = None) -> str:
    """The systemctl program; PLURIPAINT_SYSTEMCTL names another, so that a test never touches real units."""
    return (os.environ if environ is None else environ).get("PLURIPAINT_SYSTEMCTL") or "systemctl"


def user_manager_runs() -> bool:
    """Whether a systemd user manager answers (containers and some distributions have none)."""
    if not shutil.which(systemctl()):
        return False
    command = [systemctl(), "--user", "show-environment"]
    try:
        return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def kind_for(places: Places) -> str:
    if places.system == "macos":
        return "launchagent"
    if places.system == "windows":
        return "run-key"
    return "systemd" if user_manager_runs() else "xdg"


def file_for(kind: str, places: Places) -> Path:
    """The file a login start consists of (for HKCU Run: a note of the value, beside the manifest)."""
    name = places.unit_name
    return {
        "systemd": places.config / "systemd" / "user" / f"{name}.service",
        "xdg": places.config / "autostart" / f"{name}.desktop",
        "launchagent": places.home / "Library" / "LaunchAgents" / f"org.pluripaint.{name}.plist",
        "run-key": places.prefix / f"{name}-run.txt",
    }[kind]


def content_for(kind: str, command: Sequence[str], places: Places) -> str:
    """What that file says."""
    variables = {"PLURIPAINT_HOME": places.private} if places.private else {}
    if kind == "systemd":
        return systemd_unit(command, variables)
    if kind == "xdg":
        return desktop_entry(command, variables)
    if kind == "launchagent":
        return launch_agent(command, variables, f"org.pluripaint.{places.unit_name}")
    return subprocess.list2cmdline(command) + "\n"


def systemd_quote(text: str) -> str:
    """One word of a unit file's command line (systemd.service(5), quoting and specifiers)."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def systemd_unit(command: Sequence[str], variables: Mapping[str, str]) -> str:
    if set(command[0]) & set("'\"\\"):
        # systemd takes no program whose path has a quote or a backslash, however it is written; a shell does.
        command = ["/bin/sh", "-c", 'exec "$0" "$@"', *command]
    # The program's own name takes no $$: systemd expands no variables in it.
    words = [systemd_quote(command[0]).replace("$$", "$"), *map(systemd_quote, command[1:])]
    settings = [
        f"Environment={systemd_quote(f'{key}={value}').replace('$$', '$')}"
        for key, value in variables.items()
    ]
    return "\n".join(
        [
            "[Unit]",
            f"Description={DESCRIPTION}",
            "StartLimitIntervalSec=60",
            "StartLimitBurst=5",
            "",
            "[Service]",
            "Type=notify",
            *settings,
            f"ExecStart={' '.join(words)}",
            "Restart=on-failure",
            "RestartSec=1",
            "KillMode=mixed",
            "TimeoutStopSec=5",
            "NoNewPrivileges=yes",
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_NETLINK",
            "UMask=0077",
            "",
            "[Install]",
            "WantedBy=default.target",
            "",
        ]
    )


def desktop_quote(text: str) -> str:
    """One argument of a desktop entry's Exec key: its own quoting, then the file's escapes, then field
    codes."""
    for character in ("\\", '"', "`", "$"):
        text = text.replace(character, "\\" + character)
    return '"' + text.replace("\\", "\\\\").replace("%", "%%") + '"'


def desktop_entry(command: Sequence[str], variables: Mapping[str, str]) -> str:
    words = list(command)
    if variables:
        words = ["env", *(f"{key}={value}" for key, value in variables.items()), *words]
    return "\n".join(
        [
            "[Desktop Entry]",
            "Type=Application",
            "Name=pluripaint",
            f"Comment={DESCRIPTION}",
            f"Exec={' '.join(map(desktop_quote, words))}",
            "Terminal=false",
            "NoDisplay=true",
            "X-GNOME-Autostart-enabled=true",
            "",
        ]
    )


def launch_agent(command: Sequence[str], variables: Mapping[str, str], label: str) -> str:
    job = {
        "Label": label,
        "ProgramArguments": list(command),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 5,
        "ProcessType": "Background",
        "Umask": 0o077,
    }
    if variables:
        job["EnvironmentVariables"] = dict(variables)
    return plistlib.dumps(job).decode()


def kind_of(file: Path) -> str:
    """The kind of a login start, told by its file."""
    return {".service": "systemd", ".desktop": "xdg", ".plist": "launchagent", ".txt": "run-key"}[file.suffix]


def switch_on(file: Path, content: str) -> list[list[str]]:
    """Commands that make the system know a login start whose file has (or will have) this content, and start the
    daemon where they can."""
    kind = kind_of(file)
    if kind == "systemd":
        base = [systemctl(), "--user"]
        return [[*base, "daemon-reload"], [*base, "enable", file.name], [*base, "restart", file.name]]
    if kind == "launchagent":
        return [["launchctl", "bootstrap", f"gui/{os.getuid()}", str(file)]]
    if kind == "run-key":
        value = content.strip()
        return [["reg", "add", "HKCU\\" + RUN_KEY, "/v", file.stem.removesuffix("-run"), "/d", value, "/f"]]
    return []


def switch_off(file: Path) -> list[list[str]]:
    """Commands that make the system forget a login start before its file goes."""
    kind = kind_of(file)
    if kind == "systemd":
        return [[systemctl(), "--user", "disable", "--now", file.name]]
    if kind == "launchagent":
        return [["launchctl", "bootout", f"gui/{os.getuid()}/{file.stem}"]]
    if kind == "run-key":
        return [["reg", "delete", "HKCU\\" + RUN_KEY, "/v", file.stem.removesuffix("-run"), "/f"]]
    return []


def after_removal(file: Path) -> list[list[str]]:
    return [[systemctl(), "--user", "daemon-reload"]] if kind_of(file) == "systemd" else []
