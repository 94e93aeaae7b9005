"""The ``plug-in-*`` filters that GIMP 3 has only as GEGL operations: 2.10's arguments turned into their properties.

Each entry: operation, and a function from 2.10's arguments (after image and drawable) to properties. The factors and
orders are those of 2.10's own compatibility procedures. Filters that were separate programs in 2.10 (marked so) are
replaced by the GEGL operation of the same name; their results are alike, not equal.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from typing import Any

from gi.repository import Gimp, GObject

from . import carry, encoded
from .names_of_filters import FILTERS
from .port import Failed

KNOWN = {**FILTERS, "plug-in-autocrop": None, "plug-in-autocrop-layer": None, "plug-in-bump-map-tiled": None}
# Filters whose operations take the values as they come, which were encoded in 2.10 and are linear in GIMP 3.0.
_ON_ENCODED = {
    *(f"plug-in-gauss{kind}" for kind in ("", "-iir", "-iir2", "-rle", "-rle2")),
    *(
        f"plug-in-{name}"
        for name in (
            "blur",
            "cartoon",
            "color-enhance",
            "convmatrix",
            "emboss",
            "noisify",
            "photocopy",
            "rgb-noise",
        )
    ),
    *(f"plug-in-{name}" for name in ("sharpen", "sobel")),
}


def run(_port: Any, name: str, values: Sequence[Any]) -> None:
    """Runs a filter; ``values`` without the run mode: image, drawable, its own."""
    drawable, own = carry.thing("", values[1]), list(values[2:])
    if name == "plug-in-autocrop":
        drawable.get_image().autocrop(drawable)
        return
    if name == "plug-in-autocrop-layer":
        drawable.get_image().set_selected_layers([drawable])
        drawable.get_image().autocrop_selected_layers(drawable)
        return
    tiled = name.endswith("-tiled")
    operation, settings = FILTERS[name.replace("-tiled", "")]
    chosen = settings(_Place(drawable), *own) if callable(settings) else dict(zip(settings or (), own))
    if tiled:
        chosen["tiled"] = True
    operation = chosen.pop("operation", operation)
    if operation == "gegl:color-to-alpha" and drawable.is_layer() and not drawable.has_alpha():
        drawable.add_alpha()
    apply(drawable, operation, chosen, name in _ON_ENCODED)


class _Place:
    """What some filters need to know of the drawable: its size, what of it is selected, the colours in use."""

    def __init__(self, drawable: Any) -> None:
        self.width, self.height = drawable.get_width(), drawable.get_height()
        _, self.x, self.y, self.selected_width, self.selected_height = drawable.mask_intersect()
        self.rgb = drawable.is_rgb()

    def colour(self, which: str) -> tuple:
        """The foreground or background."""
        return carry.parts(getattr(Gimp, f"context_get_{which}")())

    def seed(self) -> int:
        return random.getrandbits(31)


def apply(drawable: Any, operation: str, settings: dict[str, Any], on_encoded: bool) -> None:
    """Applies an operation to a drawable for good; ``on_encoded``: 2.10 gave it encoded values."""
    if on_encoded:
        encoded.apply(drawable, functools.partial(merge, operation=operation, settings=settings), True)
    else:
        merge(drawable, operation, settings)


def merge(drawable: Any, operation: str, settings: dict[str, Any]) -> None:
    """Applies an operation to a drawable for good, on whatever values the operation takes."""
    made = Gimp.DrawableFilter.new(drawable, operation, "")
    if made is None:
        raise Failed(f"GIMP 3 has no operation “{operation}”")
    config = made.get_config()
    for name, value in settings.items():
        if name == "aux" or name.startswith("aux"):
            made.set_aux_input(name, carry.thing("", value))
            continue
        spec = config.find_property(name)
        if spec is None:
            raise Failed(f"the operation “{operation}” has no setting “{name}”")
        config.set_property(name, _setting(config, spec, value))
    made.update()
    drawable.merge_filter(made)


def _setting(config: Any, spec: Any, value: Any) -> Any:
    gtype = spec.value_type
    if gtype.name == "gboolean":
        return bool(value)
    if gtype.name in ("gint", "guint"):
        return int(min(max(value, spec.minimum), spec.maximum))
    if gtype.name == "gdouble":
        return float(min(max(value, spec.minimum), spec.maximum))
    if gtype.name == "GeglColor":
        return carry.color(value)
    if gtype.is_a(GObject.TYPE_ENUM) and isinstance(value, int):
        # Operations bring types of their own: the class is that of the value that is set.
        return carry.enum_values(type(config.get_property(spec.name)))[value]
    if gtype.name == "gchararray" and isinstance(value, int):
        return carry._choice(spec, value)
    return value


Settings = Callable[..., dict[str, Any]]
