"""The types of parameters that a script may ask for, by gimpfu's names and numbers, and what ends asking."""

from __future__ import annotations

from .values import Whole

PF_INT8, PF_INT16, PF_INT32, PF_FLOAT, PF_STRING = Whole(2), Whole(1), Whole(0), Whole(3), Whole(4)
PF_INT, PF_VALUE = PF_INT32, PF_STRING
PF_COLOR = PF_COLOUR = Whole(10)
PF_ITEM = PF_REGION = Whole(11)
PF_DISPLAY, PF_IMAGE, PF_LAYER, PF_CHANNEL, PF_DRAWABLE = map(Whole, range(12, 17))
PF_VECTORS = Whole(19)
PF_TOGGLE = PF_BOOL = Whole(1000)
PF_SLIDER = Whole(1001)
PF_SPINNER = PF_ADJUSTMENT = Whole(1002)
PF_FONT, PF_FILE, PF_BRUSH, PF_PATTERN, PF_GRADIENT = map(Whole, range(1003, 1008))
PF_RADIO, PF_TEXT, PF_PALETTE, PF_FILENAME, PF_DIRNAME, PF_OPTION = map(Whole, range(1008, 1014))

SUBJECTS = (PF_IMAGE, PF_DRAWABLE, PF_LAYER, PF_CHANNEL, PF_VECTORS, PF_ITEM, PF_DISPLAY)
"""What GIMP may fill in by itself."""


class CancelError(RuntimeError):
    """Raised by a script's function when the person cancels."""
