"""A job's way and its ending in a person's words."""

from __future__ import annotations

from pluripaint_client.messages import Accepted, CancelledJob, CandidateReady, Failed, Progress, Queued
from pluripaint_client.texts import _


def told(event: object, text: str, fraction: float, have: int, wanted: int) -> tuple[str, float]:
    """Progress in words and as a fraction after ``event``."""
    if isinstance(event, Accepted):
        return _("Accepted"), fraction
    if isinstance(event, Queued):
        return _("Waiting: number {place} in the queue").format(place=event.place), fraction
    if isinstance(event, Progress):
        return (_(event.note) or stage_name(event.stage)), max(fraction, event.fraction)
    if isinstance(event, CandidateReady):
        return _("{have} finished").format(have=have), fraction
    return text, fraction


def stage_name(stage: str) -> str:
    """A stage of the daemon's work in the person's words."""
    names = {
        "load": _("Loading"),
        "prepare": _("Preparing"),
        "detail": _("Adding detail"),
        "choose": _("Choosing"),
    }
    return names.get(stage, _("Imagining")) if stage else _("Working")


def sentence(ending: object) -> str:
    """What went wrong and the next step."""
    if isinstance(ending, Failed):
        return f"{_(ending.sentence)} {_(ending.next_step)}".strip()
    if isinstance(ending, CancelledJob):
        return _("Cancelled.")
    return _("No variation came out. Try a smaller selection or another method.")
