"""The daemon's state in a person's words."""

from __future__ import annotations

from typing import Any

from pluripaint_client.texts import _, ngettext

_STATES = {"idle": _("idle"), "busy": _("at work"), "loading": _("loading"), "starting": _("starting")}


def status_lines(state: dict[str, Any]) -> str:
    """What a person wants to know of a status message; whatever the daemon left out is left out here."""
    lines = [
        _("The daemon runs (version {version}), for {time}.").format(
            version=state.get("version", "?"), time=_duration(float(state.get("uptime_seconds", 0)))
        ),
        _("Devices: {devices}").format(devices=", ".join(map(str, state.get("devices", []))) or "–"),
        _("Memory of the daemon: {size}").format(size=_size(state.get("resident_bytes", 0))),
    ]
    for worker in state.get("workers", []):
        lines.append(_worker(worker))
    jobs = state.get("jobs", {})
    if isinstance(jobs, dict):
        lines.append(
            _("Jobs: {running} running, {queued} waiting").format(
                running=jobs.get("running", 0), queued=jobs.get("queued", 0)
            )
        )
    if state.get("log"):
        lines.append(_("Log: {path}").format(path=state["log"]))
    return "\n".join(lines)


def _worker(worker: dict[str, Any]) -> str:
    state = str(worker.get("state", ""))
    held = [_size(worker.get("resident_bytes", 0))]
    if worker.get("device_bytes"):
        held.append(_("{size} on the device").format(size=_size(worker["device_bytes"])))
    return _("Worker on {device}: {state}, holds {memory}").format(
        device=worker.get("device", "?"), state=_STATES.get(state, state), memory=", ".join(held)
    )


def _size(count: Any) -> str:
    """Bytes in MB or GB."""
    mega = float(count or 0) / 1e6
    return f"{mega / 1000:.1f} GB" if mega >= 1000 else f"{mega:.0f} MB"


def _duration(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 2:
        return _("{seconds} s").format(seconds=int(seconds))
    if minutes < 120:
        return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
    return ngettext("{n} hour", "{n} hours", minutes // 60).format(n=minutes // 60)
