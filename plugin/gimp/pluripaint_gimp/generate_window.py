"""The one window: settings → progress → review. Nothing enters the document before *Insert*."""

from __future__ import annotations

import queue
import threading
from dataclasses import replace
from functools import partial
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402

from pluripaint_client import geometry, job_regions  # noqa: E402
from pluripaint_client.geometry import Region  # noqa: E402
from pluripaint_client.messages import CandidateReady, Done, Failed  # noqa: E402
from pluripaint_client.runner import Asking, Collected, JobRunner, Settings  # noqa: E402
from pluripaint_client.texts import _, ngettext  # noqa: E402

from . import job_text, picture, variations  # noqa: E402
from .backend import Backend  # noqa: E402
from .formats import conversions  # noqa: E402
from .review import Entry, Review  # noqa: E402
from .selected import QUICK_MASK, CannotFill, NothingSelected  # noqa: E402
from .selected import bounds as selection_bounds  # noqa: E402
from .settings_page import CONTEXT_SIDE, SettingsPage, context_view  # noqa: E402
from .snapshot import Snapshot, choose_source, take  # noqa: E402
from .window import POLL_MS, Window  # noqa: E402


class GenerateWindow(Window):
    """Settings, then a job's progress and its candidates."""

    def __init__(self, gimp: Backend, image: int, items: list[int], settings_path: str) -> None:
        super().__init__(gimp, _("Generate Variations"))
        self.image, self.items, self.path = image, items, settings_path
        self.said: str | None = None
        self.snapshot: Snapshot | None = None
        self.runner: JobRunner | None = None
        self.review: Review | None = None
        self.collected = Collected()
        self.stopping = False
        self.settings = Settings.load(settings_path)
        self.page = SettingsPage(self.settings, _channel_names(gimp, image))
        self.stack = Gtk.Stack()
        self.stack.set_homogeneous(False)
        self.stack.add_named(self.page, "settings")
        self.bar = Gtk.ProgressBar(show_text=True)
        self.body.pack_start(self.bar, False, False, 0)
        self.body.pack_start(self.stack, True, True, 0)
        self.discard = self.button(_("Discard _This One"), self._discard_this)
        self.more = self.button(_("_More"), self._more)
        self.retry = self.button(_("_Retry"), self._retry)
        self.stop = self.button(_("_Stop"), self._stop)
        self.cancel = self.button(_("_Cancel"), self.escape)
        self.fill = self.button(_("Fill the _Transparent Parts"), lambda: self.generate(transparent=True))
        self.fill.set_no_show_all(True)
        self.go = self.button(_("_Generate"), self.generate)
        self.insert = self.button(_("_Insert"), self.finish)
        self.asking = Asking(_prepare)
        GLib.timeout_add(POLL_MS, self._listen_to_daemon)

    # -- the three states
    def ready(self) -> None:
        self._state("settings")
        self.page.focus()
        # GEGL's start-up hides behind the person's reading.
        GLib.idle_add(self._draw_surroundings)

    def _state(self, state: str) -> None:
        running, review = state == "progress", state == "review"
        for widget, shown in (
            (self.bar, running),
            (self.stop, running),
            (self.go, state == "settings"),
            (self.more, review),
            (self.retry, review),
            (self.discard, review),
            (self.insert, review),
        ):
            widget.set_visible(shown)
        if state != "settings":
            self.fill.hide()
        if review and self.review:
            title = ngettext("{n} variation", "{n} variations", len(self.review.entries))
            self.window.set_title(title.format(n=len(self.review.entries)) + " · " + _("Generate Variations"))
        elif not running:
            self.window.set_title(_("Generate Variations"))
        self.cancel.set_label(_("_Discard All") if review else _("_Cancel"))
        if state == "settings":
            self.stack.set_visible_child(self.page)
            self.default(self.go)
        elif self.review:
            if self.stack.get_visible_child() is not self.review:
                self.stack.set_visible_child(self.review)
                self.fit()
            self.default(self.insert if review else self.stop)

    def _draw_surroundings(self) -> bool:
        """The selection's context, small; what is missing, in words."""
        self.gimp.start_pixels()
        self._learn_conversions()
        found = selection_bounds(self.gimp, self.image)
        if found is None:
            try:
                self._snapshot(transparent=False)
            except NothingSelected as refusal:
                self._offer_transparent(refusal)
            except CannotFill as refusal:
                self.say(str(refusal))
            return False
        item, box = found
        mask = self.gimp.read(item, box, "Y u8")
        islands = [
            part.moved(box.left, box.top) for part in geometry.islands(mask, box.width, box.height) or []
        ]
        canvas = Region(0, 0, *self.gimp.image_size(self.image))
        layers = [one for one in self._still_there() if one != item] or self.gimp.layers(self.image)
        if not layers:
            return False
        try:
            view = context_view(islands or [box], canvas)
            small = picture.from_layer(self.gimp, layers[0], view, CONTEXT_SIDE)
        except job_regions.TooLarge as error:
            self.say(str(error))
            return False
        self.page.surround(small, view, islands or [box], canvas)
        return False

    def _learn_conversions(self) -> None:
        """Has babl find out now how to convert what a job will: in a thread, for the person reads and types."""
        items = [one for one in self._still_there() if self.gimp.kind(one) in ("layer", "group", "text")]
        layers = items or self.gimp.layers(self.image)
        if not layers or self.gimp.base_type(self.image) == "indexed":
            return
        wanted = conversions(self.gimp, layers[0], self.gimp.selection(self.image))

        def convert() -> None:
            for one, other, size in wanted:
                self.gimp.convert(bytes(size * 128 * 128), 128, 128, one, other)

        threading.Thread(target=convert, name="pluripaint conversions", daemon=True).start()

    def _offer_transparent(self, refusal: NothingSelected) -> None:
        """Says that nothing is selected; offers what could be filled all the same."""
        self.say(str(refusal))
        self.fill.set_visible(refusal.transparent)
        if refusal.transparent:
            self.default(self.fill)

    def _listen_to_daemon(self) -> bool:
        if self.asking.is_alive():
            self.page.note.set_text(_("Reaching the daemon…"))
            return True
        methods, refusal = self.asking.answer
        self.page.note.set_text(refusal or _("The daemon is ready."))
        if methods:
            self.page.offer_methods(methods)
        return False

    # -- a job
    def _still_there(self) -> list[int]:
        """Of the items that were active when the window opened."""
        return [item for item in self.items if self.gimp.item_valid(item)]

    def _snapshot(self, transparent: bool) -> Snapshot:
        items = self.gimp.selected_items(self.image) or self._still_there()
        source = choose_source(self.gimp, self.image, items, self.settings.source)
        return take(self.gimp, source, self.settings, transparent=transparent)

    def generate(self, transparent: bool = False) -> None:
        """Takes the snapshot and sends it. ``transparent``: with nothing selected, fill what is transparent."""
        if not self.gimp.image_valid(self.image):
            self.say(_("The picture was closed: there is nothing to fill."))
            return
        self.settings = self.page.settings()
        self.settings.save(self.path)
        try:
            self.snapshot = self._snapshot(transparent)
        except NothingSelected as refusal:
            self._offer_transparent(refusal)
            return
        except CannotFill as refusal:
            self.say(str(refusal))
            return
        view = self.snapshot.view
        before = picture.from_rows(self.snapshot.view_pixels, view.width, view.height, False)
        self.snapshot = replace(self.snapshot, view_pixels=b"")  # held once is enough
        if self.review:
            self.review.destroy()
        self.review = Review(before, self.snapshot.box, view)
        self.stack.add(self.review)
        self.review.show_all()
        self._send(self.settings.with_seed())

    def _send(self, settings: Settings) -> None:
        assert self.snapshot and self.review
        runner = JobRunner(self.snapshot.request(settings), variety=settings.variety)
        self.say(self.snapshot.source.note)
        self.settings, self.collected, self.stopping = settings, Collected(), False
        self.review.follow = settings.show_newest
        self.text, self.fraction = _("Reaching the daemon…"), 0.0
        self.runner = runner
        self.runner.start()
        self._state("progress")
        GLib.timeout_add(POLL_MS, self._poll)

    def _poll(self) -> bool:
        try:
            return self._followed()
        except Exception:
            self._give_up()
            raise

    def _give_up(self) -> None:
        """Ends a job that cannot be followed any longer; what has come stays."""
        if self.runner:
            self.runner.cancel()
            self.runner = None
        self._state("review" if self.review and self.review.entries else "settings")

    def _followed(self) -> bool:
        """Takes what the job has sent; whether more is to come."""
        runner = self.runner
        if runner is None:
            return False
        while True:
            try:
                event = runner.events.get_nowait()
            except queue.Empty:
                break
            self.collected.take(event)
            if isinstance(event, CandidateReady):
                self._arrived(event)
            have, wanted = len(self.collected.candidates), self.settings.variations
            self.text, self.fraction = job_text.told(event, self.text, self.fraction, have, wanted)
        self.window.set_title(_("{percent} % · Generate Variations").format(percent=int(100 * self.fraction)))
        self.bar.set_fraction(self.fraction)
        self.bar.set_text(self.text)
        if self.collected.ending is None:
            return True
        self.runner = None
        self._ended()
        return False

    def _arrived(self, candidate: CandidateReady) -> None:
        assert self.snapshot and self.review
        fill = partial(self._fill, self.snapshot, candidate)
        self.review.add_entry(Entry(candidate, f"{candidate.method} · {candidate.seed}", fill))

    def _fill(self, snapshot: Snapshot, candidate: CandidateReady) -> picture.Pixbuf:
        rows, box = variations.layer_pixels(snapshot, candidate), snapshot.box
        seen = self.gimp.convert(rows, box.width, box.height, snapshot.travel.color_alpha, "R'G'B'A u8")
        return picture.from_rows(seen, box.width, box.height, True)

    def _ended(self) -> None:
        assert self.review
        ending = self.collected.ending
        if isinstance(ending, Done):
            self._arrange()
        elif isinstance(ending, Failed) or not self.stopping:
            self.say(job_text.sentence(ending))
        if self.review.entries:
            self._state("review")
            return
        if not isinstance(ending, Failed):
            self.say(job_text.sentence(ending))
        self._state("settings")

    def _arrange(self) -> None:
        """Best first; of this job only the shown ones and those the person marked."""
        assert self.review
        drawn = set(map(id, self.collected.drawn))
        place = {id(one): k for k, one in enumerate(self.collected.best(self.settings.variations))}
        earlier = [entry for entry in self.review.entries if id(entry.key) not in drawn]
        mine = [entry for entry in self.review.entries if id(entry.key) in drawn]
        best = sorted((e for e in mine if id(e.key) in place), key=lambda entry: place[id(entry.key)])
        marked = [entry for entry in mine if entry.kept and id(entry.key) not in place]
        self.review.arrange(earlier + best + marked)

    # -- what the person does
    def _stop(self) -> None:
        self.stopping = True
        if self.runner:
            self.runner.cancel()

    def _more(self) -> None:
        self._send(replace(self.settings, seed=variations.later_seed(self.settings.seed)))

    def _retry(self) -> None:
        if not self.review:
            return
        kept = [entry for entry in self.review.entries if entry.kept]
        if not self._may_discard(len(self.review.entries) - len(kept)):
            return
        self._send(replace(self.settings, seed=-1).with_seed())
        self.review.arrange(kept)

    def _may_discard(self, number: int) -> bool:
        """Asks before variations are lost."""
        return not number or self.ask(
            ngettext(
                "Discard {number} variation? It is not in the picture yet.",
                "Discard {number} variations? They are not in the picture yet.",
                number,
            ).format(number=number),
            _("_Discard"),
        )

    def _discard_this(self) -> None:
        if self.review:
            self.review.discard_current()
            self._state("review" if self.review.entries else "settings")

    def finish(self) -> None:
        """Puts what is left of the candidates into the document."""
        if not (self.review and self.snapshot and self.review.entries):
            return
        candidates = [entry.key for entry in self.review.entries]
        try:
            said = variations.insert(self.gimp, self.snapshot, self.settings, candidates, self.review.kept)
        except CannotFill as refusal:
            self.say(str(refusal))
            return
        if said:
            self.gimp.message(said)
        self.said = ""
        self.loop.quit()

    def escape(self) -> None:
        """Leaves; asks first once a candidate exists."""
        if not self._may_discard(len(self.review.entries) if self.review else 0):
            return
        if self.runner:
            self.runner.cancel()
            self.runner.join(1.0)
        self.loop.quit()

    def on_key(self, pressed: bool, event: Any) -> bool:
        in_review = self.review is not None and self.stack.get_visible_child() is self.review
        if in_review and not event.state & Gdk.ModifierType.MOD1_MASK:
            if pressed and event.keyval in (Gdk.KEY_Return, Gdk.KEY_KP_Enter):
                if self.runner is None:
                    self.finish()
                return True
            if self.review.key(pressed, event.keyval):  # type: ignore[union-attr]
                if pressed and self.runner is None:
                    self._state("review" if self.review.entries else "settings")  # type: ignore[union-attr]
                return True
        return super().on_key(pressed, event)


def _prepare(client: Any) -> Any:
    client.prepare()
    return client.methods()


def _channel_names(gimp: Backend, image: int) -> list[str]:
    """Saved selections: the Quick Mask is the selection itself."""
    names = [gimp.item_name(channel) for channel in gimp.channels(image)]
    return [name for name in names if name != QUICK_MASK]


def generate(gimp: Backend, image: int, items: list[int], settings_path: str) -> str | None:
    """Runs the window; ``None`` when the person left without inserting."""
    gimp.prepare_window()
    window = GenerateWindow(gimp, image, items, settings_path)
    window.run()
    return window.said
