"""What each entry of Filters → Inpaint does."""

from __future__ import annotations

import os
import queue

from pluripaint_client.geometry import Region
from pluripaint_client.messages import Done
from pluripaint_client.runner import Asking, Collected, JobRunner, Settings
from pluripaint_client.texts import _

from . import gtk_packages, held_key, job_text, variations
from .backend import NONINTERACTIVE, WITH_LAST_VALS, Argument, Backend, Invocation, Procedure
from .selected import CannotFill, NothingSelected
from .snapshot import Snapshot, choose_source, take
from .status_text import status_lines

PREFIX = "plug-in-pluripaint-"

OPEN_THE_WINDOW = _("Generate Variations… offers that.")
NO_SET = _("There is no group of variations in this picture. Use Generate Variations first.")


def settings_file(gimp: Backend) -> str:
    """Where the last settings are remembered."""
    return os.path.join(gimp.settings_folder(), "pluripaint.json")


NO_SCREEN = _("There is no screen for the window here.")


def _no_window() -> str:
    """Why no window can be shown, in a sentence with the next step; empty where one can.

    Where it is not empty, no module with a window can be imported.
    """
    packages = gtk_packages.missing_here()
    if packages:
        return _("The window needs {packages}: install that, then run the installer again.").format(
            packages=packages
        )
    try:
        from gi.repository import Gtk
    except Exception as error:  # a typelib that lacks another one, or cannot be read
        return _("The window cannot be made ({error}): install GTK 3 for Python once more.").format(
            error=error
        )
    return "" if Gtk.init_check([])[0] else NO_SCREEN


def generate(gimp: Backend, call: Invocation) -> str | None:
    """*Generate Variations…*: the window; without questions when called by a script."""
    if call.mode == NONINTERACTIVE:
        values = {name.replace("-", "_"): value for name, value in call.values.items()}
        return _run(gimp, call, Settings().changed(values), bool(values.get("transparent")))
    if call.mode == WITH_LAST_VALS:
        return generate_last(gimp, call)
    try:
        choose_source(gimp, call.image, list(call.items), "layer")
    except CannotFill as refusal:
        return str(refusal)
    missing = _no_window()
    if missing:
        return _generate_without_window(gimp, call, missing)
    from . import generate_window

    return generate_window.generate(gimp, call.image, list(call.items), settings_file(gimp))


def _generate_without_window(gimp: Backend, call: Invocation, missing: str) -> str | None:
    """The last settings instead of the window, and why."""
    refusal = generate_last(gimp, call)
    if refusal == "":
        gimp.message(_("These are the last settings. {why}").format(why=missing))
    return refusal


def generate_last(gimp: Backend, call: Invocation) -> str | None:
    """*Generate Variations (last settings)*: no window, the layers appear."""
    return _run(gimp, call, Settings.load(settings_file(gimp)))


def _run(gimp: Backend, call: Invocation, settings: Settings, transparent: bool = False) -> str | None:
    try:
        source = choose_source(gimp, call.image, list(call.items), settings.source)
        snapshot = take(gimp, source, settings, transparent=transparent)
        return run_quietly(gimp, snapshot, settings.with_seed())
    except NothingSelected as refusal:
        return f"{refusal} {OPEN_THE_WINDOW}" if refusal.transparent else str(refusal)
    except CannotFill as refusal:
        return str(refusal)


def run_quietly(gimp: Backend, snapshot: Snapshot, settings: Settings, above: int = 0) -> str:
    """One job with GIMP's own progress bar; inserts what comes. Returns a sentence when nothing came."""
    runner = JobRunner(snapshot.request(settings), variety=settings.variety)
    runner.start()
    collected = Collected()
    text, fraction = _("Reaching the daemon…"), 0.0
    gimp.progress(text, 0.0)
    while collected.ending is None:
        try:
            event = runner.events.get(timeout=0.5)
        except queue.Empty:
            continue
        collected.take(event)
        text, fraction = job_text.told(event, text, fraction, len(collected.candidates), settings.variations)
        gimp.progress(text, fraction)
    gimp.progress_end()
    best = collected.best(settings.variations)
    ending = collected.ending
    if not best:
        return job_text.sentence(ending)
    said = [snapshot.source.note, variations.insert(gimp, snapshot, settings, best, above=above)]
    if not isinstance(ending, Done):
        said.append(_("{sentence} What was finished is kept.").format(sentence=job_text.sentence(ending)))
    said = [one for one in said if one]
    if said:
        gimp.message("\n".join(said))
    return ""


def generate_more(gimp: Backend, call: Invocation) -> str | None:
    """*Generate More*: the next seeds for the same region, into a new group above."""
    found = variations.find_set(gimp, call.image, call.items)
    if found is None or not found.layers:
        return NO_SET
    seed = variations.next_seed(gimp, call.image, found)
    settings = Settings().changed({**found.note["settings"], "seed": seed})
    layer = variations.source_of(gimp, call.image, found)
    if not layer:
        return _("The layer below the group of variations is gone: there is nothing to learn from.")
    gimp.start_pixels()
    try:
        wanted = "visible" if found.note.get("visible") else "layer"
        source = choose_source(gimp, call.image, [layer], wanted)
        snapshot = take(gimp, source, settings, alpha_of(gimp, found.layers[0]))
        return run_quietly(gimp, snapshot, settings.with_seed(), above=found.group)
    except CannotFill as refusal:
        return str(refusal)


def alpha_of(gimp: Backend, layer: int) -> tuple[Region, bytes]:
    """A layer's rectangle and its alpha in 8 bits; its colours are not looked at and travel as small as they can."""
    box = gimp.box(layer)
    pixels = gimp.read(layer, Region(0, 0, box.width, box.height), "Y'A u8")
    return box, pixels[1::2]


def pick(gimp: Backend, call: Invocation) -> str | None:
    """*Pick Variation…*: the review again, from a group's layers."""
    found = variations.find_set(gimp, call.image, call.items)
    if found is None or not found.layers:
        return NO_SET
    missing = _no_window()
    if missing:
        return _("{why} The eyes in the Layers list show the variations, too.").format(why=missing)
    from . import pick_window

    return pick_window.pick(gimp, call.image, found)


def keep(gimp: Backend, call: Invocation) -> str | None:
    """*Keep Visible, Discard the Rest*."""
    found = variations.find_set(gimp, call.image, call.items)
    return NO_SET if found is None else variations.keep_visible(gimp, call.image, found)


def status(gimp: Backend, call: Invocation) -> str | None:
    """*Inpaint Settings / Status…*: the daemon's state; a sentence where there is no window."""
    if call.mode != NONINTERACTIVE and not _no_window():
        from . import status_window

        return status_window.status(gimp)
    asking = Asking(lambda client: client.status())
    asking.join()
    state, refusal = asking.answer
    gimp.message(refusal or status_lines(state))
    return ""


SETTINGS = (
    Argument("variations", _("How many variations"), "int", 4, 1, 16),
    Argument("preset", _("Preset: fast or best"), "string", "best"),
    Argument("method", _("Method, or auto"), "string", "auto"),
    Argument("seed", _("Seed; −1: another one each time"), "int", -1, -1, 2**31 - 1),
    Argument("variety", _("Variety"), "float", 1.0, 0.0, 2.0),
    Argument("context", _("Context: region side over selection side"), "float", 2.0, 1.5, 4.0),
    Argument("source", _("Fill from: layer or visible"), "string", "layer"),
    Argument("exclude", _("Name of a channel not to copy from"), "string", ""),
    Argument("grow", _("Grow the selection by pixels"), "int", 0, -200, 200),
    Argument("feather", _("Feather the selection by pixels"), "float", 0.0, 0.0, 200.0),
    Argument("transparent", _("1: fill what is transparent when nothing is selected"), "int", 0, 0, 1),
)

PROCEDURES = (
    Procedure(
        PREFIX + "generate",
        _("_Generate Variations…"),
        _("Fills the selection in several different ways, as layers"),
        held_key.once("generate", generate),
        SETTINGS,
    ),
    Procedure(
        PREFIX + "generate-last",
        _("Generate Variations (_last settings)"),
        _("Fills the selection with the settings used last, without a window"),
        held_key.once("generate-last", generate_last),
    ),
    Procedure(
        PREFIX + "generate-more",
        _("Generate _More"),
        _("More variations for the same place, into a new group above"),
        held_key.once("generate-more", generate_more),
    ),
    Procedure(
        PREFIX + "pick",
        _("_Pick Variation…"),
        _("Compares the variations of a group and shows one"),
        held_key.once("pick", pick),
    ),
    Procedure(
        PREFIX + "keep",
        _("_Keep Visible, Discard the Rest"),
        _("Removes the hidden variations of a group"),
        held_key.once("keep", keep),
    ),
    Procedure(
        PREFIX + "status",
        _("Inpaint _Settings / Status…"),
        _("Shows what the pluripaint daemon does and holds"),
        held_key.once("status", status),
        needs_image=False,
    ),
)
