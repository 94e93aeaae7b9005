#!/usr/bin/env python
# One parameter of every type; what arrives is written to a file.
import json

from gimpfu import *


def shown(value):
    if isinstance(value, gimpcolor.RGB):
        return ["RGB"] + list(value)
    if isinstance(value, (gimp.Image, gimp.Item)):
        return [type(value).__name__, value.name]
    return [type(value).__mro__[-2].__name__ if isinstance(value, int) else type(value).__name__, value]


def every(image, drawable, *values):
    with open(values[0], "w") as out:
        json.dump([shown(image), shown(drawable)] + [shown(value) for value in values[1:]], out)


register(
    "shim-every-type", "Shows every type of parameter", "Shows every type of parameter", "pluripaint", "pluripaint",
    "2026", "_Every Type...", "*",
    [
        (PF_IMAGE, "image", "Image", None),
        (PF_DRAWABLE, "drawable", "Drawable", None),
        (PF_STRING, "out", "_Write to", "/tmp/every-type.json"),
        (PF_INT8, "int8", "INT8", 8),
        (PF_INT16, "int16", "INT16", 1600),
        (PF_INT32, "int32", "INT32", 320000),
        (PF_INT, "int", "INT", -7),
        (PF_FLOAT, "float", "_FLOAT", 2.5),
        (PF_VALUE, "value", "VALUE", "a value"),
        (PF_COLOR, "color", "_COLOR", (255, 128, 0)),
        (PF_COLOUR, "colour", "COLOUR", "blue"),
        (PF_LAYER, "layer", "LAYER", None),
        (PF_CHANNEL, "channel", "CHANNEL", None),
        (PF_VECTORS, "vectors", "VECTORS", None),
        (PF_TOGGLE, "toggle", "_TOGGLE", 1),
        (PF_BOOL, "bool", "BOOL", False),
        (PF_SLIDER, "slider", "_SLIDER", 33, (0, 100, 0.5)),
        (PF_SPINNER, "spinner", "SPINNER", 12, (1, 3000, 1)),
        (PF_ADJUSTMENT, "adjustment", "ADJUSTMENT", 3, (0, 9, 1)),
        (PF_FONT, "font", "FONT", "Sans"),
        (PF_FILE, "file", "FILE", ""),
        (PF_BRUSH, "brush", "BRUSH", None),
        (PF_PATTERN, "pattern", "PATTERN", None),
        (PF_GRADIENT, "gradient", "GRADIENT", None),
        (PF_PALETTE, "palette", "PALETTE", ""),
        (PF_RADIO, "radio", "RADIO", "b", (("A", "a"), ("B", "b"))),
        (PF_RADIO, "number", "RADIO of numbers", 2, (("One", 1), ("Two", 2))),
        (PF_TEXT, "text", "TEXT", "two\nlines"),
        (PF_FILENAME, "filename", "FILENAME", ""),
        (PF_DIRNAME, "dirname", "DIRNAME", "/tmp"),
        (PF_OPTION, "option", "_OPTION", 1, ("first", "second", "third")),
    ],
    [], every, menu="<Image>/Filters/Shim",
)  # fmt: skip

main()
