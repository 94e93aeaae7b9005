"""gimpfu for Python 3, in GIMP 2.10 and GIMP 3: ``from gimpfu import *``."""

import gettext
import math  # scripts of old used what the star import brought along

import gimpcolor
from gimpenums import *
from pluripaint_shim import python2 as _python2
from pluripaint_shim import python2_types as _python2_types
from pluripaint_shim.fu import fail, register
from pluripaint_shim.fu import start as main
from pluripaint_shim.parameters import (
    PF_ADJUSTMENT,
    PF_BOOL,
    PF_BRUSH,
    PF_CHANNEL,
    PF_COLOR,
    PF_COLOUR,
    PF_DIRNAME,
    PF_DISPLAY,
    PF_DRAWABLE,
    PF_FILE,
    PF_FILENAME,
    PF_FLOAT,
    PF_FONT,
    PF_GRADIENT,
    PF_IMAGE,
    PF_INT,
    PF_INT8,
    PF_INT16,
    PF_INT32,
    PF_ITEM,
    PF_LAYER,
    PF_OPTION,
    PF_PALETTE,
    PF_PATTERN,
    PF_RADIO,
    PF_REGION,
    PF_SLIDER,
    PF_SPINNER,
    PF_STRING,
    PF_TEXT,
    PF_TOGGLE,
    PF_VALUE,
    PF_VECTORS,
    CancelError,
)
from pluripaint_shim.pdb import error, pdb

import gimp

# For the names of the script only, as these two are: what gave lists gives lists.
range, sorted = _python2.numbers, _python2_types.sorted_as_before
map, filter, zip = (_python2.lists(one) for one in (map, filter, zip))


def N_(message):  # noqa: N802 - the name is gimpfu's
    """Marks a text for translation."""
    return message
