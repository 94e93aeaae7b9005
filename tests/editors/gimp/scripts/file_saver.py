#!/usr/bin/env python
# A file format of its own: writes and opens pictures as text.
from gimpfu import *


def save_text(image, drawable, filename, raw_filename):
    rgn = drawable.get_pixel_rgn(0, 0, drawable.width, drawable.height, False, False)
    with open(filename, "w") as out:
        out.write("%d %d %d\n" % (drawable.width, drawable.height, drawable.bpp))
        for y in range(drawable.height):
            out.write(rgn[0:drawable.width, y].hex() + "\n")


def load_text(filename, raw_filename):
    lines = open(filename).read().split("\n")
    width, height, bpp = [int(part) for part in lines[0].split()]
    kind = {1: GRAY_IMAGE, 2: GRAYA_IMAGE, 3: RGB_IMAGE, 4: RGBA_IMAGE}[bpp]
    image = gimp.Image(width, height, RGB if bpp > 2 else GRAY)
    image.filename = filename
    layer = gimp.Layer(image, "text", width, height, kind, 100, NORMAL_MODE)
    image.add_layer(layer, 0)
    rgn = layer.get_pixel_rgn(0, 0, width, height, True, False)
    for y in range(height):
        rgn[0:width, y] = bytes.fromhex(lines[y + 1])
    layer.flush()
    layer.update(0, 0, width, height)
    return image


def handlers_of_saving():
    gimp.register_save_handler("file-shimtext-save", "shimtext", "")


def handlers_of_loading():
    gimp.register_load_handler("file-shimtext-load", "shimtext", "")


register(
    "file-shimtext-save", "Writes text", "Writes a picture as text", "pluripaint", "pluripaint", "2026",
    "Picture as text", "RGB*, GRAY*",
    [
        (PF_IMAGE, "image", "Image", None),
        (PF_DRAWABLE, "drawable", "Layer", None),
        (PF_STRING, "filename", "File", None),
        (PF_STRING, "raw-filename", "File", None),
    ],
    [], save_text, menu="<Save>", on_query=handlers_of_saving,
)  # fmt: skip
register(
    "file-shimtext-load", "Opens text", "Opens a picture written as text", "pluripaint", "pluripaint", "2026",
    "Picture as text", None,
    [(PF_STRING, "filename", "File", None), (PF_STRING, "raw-filename", "File", None)],
    [(PF_IMAGE, "image", "The picture")], load_text, menu="<Load>", on_query=handlers_of_loading,
)  # fmt: skip

main()
