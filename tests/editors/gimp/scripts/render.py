#!/usr/bin/env python
# A picture from nothing: gradients, filters, strokes, transformations.
import math

from gimpfu import *


def render(size, colour, turns):
    image = gimp.Image(size, size, RGB)
    image.disable_undo()
    layer = gimp.Layer(image, "base", size, size, RGB_IMAGE, 100, NORMAL_MODE)
    image.add_layer(layer, 0)
    gimp.context_push()
    gimp.set_foreground(colour)
    gimp.set_background("white")
    pdb.gimp_edit_blend(
        layer, FG_BG_RGB_MODE, NORMAL_MODE, GRADIENT_RADIAL, 100, 0, REPEAT_NONE, False, False, 0, 0, False,
        size / 2, size / 2, size, size / 2,
    )  # fmt: skip
    spot = gimp.Layer(image, "spot", size, size, RGBA_IMAGE, 100, NORMAL_MODE)
    image.add_layer(spot, 0)
    pdb.gimp_drawable_fill(spot, TRANSPARENT_FILL)
    pdb.gimp_context_set_foreground((255, 0, 0))
    for k in range(turns):
        angle = 2 * math.pi * k / turns
        x, y = size / 2 + size / 3 * math.cos(angle), size / 2 + size / 3 * math.sin(angle)
        pdb.gimp_image_select_ellipse(image, CHANNEL_OP_REPLACE, x - 6, y - 6, 12, 12)
        pdb.gimp_edit_fill(spot, FOREGROUND_FILL)
    pdb.gimp_selection_none(image)
    pdb.plug_in_gauss(image, spot, 6, 6, 0)
    pdb.plug_in_unsharp_mask(image, spot, 3.0, 0.5, 0)
    pdb.gimp_drawable_transform_rotate_simple(spot, ROTATE_90, True, 0, 0, True)
    bump = layer.copy()
    image.add_layer(bump, -1)
    pdb.plug_in_bump_map(image, bump, layer, 135, 45, 3, 0, 0, 0, 0, True, False, 0)
    bump.mode = OVERLAY_MODE
    pdb.plug_in_pixelize(image, layer, 4)
    gimp.context_pop()
    image.enable_undo()
    flat = image.flatten()
    pdb.gimp_image_scale(image, size * 2, size)
    image.crop(size, size, size / 2, 0)
    image.filename = "/tmp/render.xcf"
    if flat.width != size or image.base_type != RGB or not image.filename.endswith("render.xcf"):
        raise RuntimeError("%r %r" % (flat.width, image.filename))
    return image


register(
    "python-fu-shim-render", "Draws a picture", "Draws a picture", "pluripaint", "pluripaint", "2026",
    "<Toolbox>/Xtns/Shim/_Render...", "",
    [
        (PF_ADJUSTMENT, "size", "Size", 96, (16, 512, 8)),
        (PF_COLOR, "colour", "Colour", (60, 120, 200)),
        (PF_INT, "turns", "Spots", 5),
    ],
    [(PF_IMAGE, "image", "The picture")], render,
)  # fmt: skip

main()
