#!/usr/bin/env python
# Selections of every sort, channels, fills, strokes, copy and paste.
from gimpfu import *


def select(image, drawable, soft):
    pdb.gimp_undo_push_group_start(image)
    width, height = pdb.gimp_image_width(image), pdb.gimp_image_height(image)
    pdb.gimp_ellipse_select(image, width / 4, height / 4, width / 2, height / 2, CHANNEL_OP_REPLACE, True, True, soft)
    pdb.gimp_rect_select(image, 0, 0, width / 2, height / 2, CHANNEL_OP_SUBTRACT, False, 0)
    saved = pdb.gimp_selection_save(image)
    non_empty, x1, y1, x2, y2 = pdb.gimp_selection_bounds(image)
    if not non_empty or x2 <= x1 or pdb.gimp_selection_is_empty(image):
        raise RuntimeError("nothing is selected")
    pdb.gimp_context_set_foreground((0, 90, 200))
    pdb.gimp_edit_bucket_fill(drawable, FG_BUCKET_FILL, NORMAL_MODE, 70, 0, False, 0, 0)
    pdb.gimp_selection_invert(image)
    pdb.gimp_desaturate(drawable)
    pdb.gimp_selection_none(image)
    pdb.gimp_image_select_polygon(image, CHANNEL_OP_REPLACE, 6, [2, 2, width - 2, 2, width / 2, height / 2])
    pdb.gimp_invert(drawable)
    pdb.gimp_edit_copy(drawable)
    pasted = pdb.gimp_edit_paste(drawable, False)
    pdb.gimp_layer_set_offsets(pasted, 5, height / 2)
    pdb.gimp_floating_sel_anchor(pasted)
    pdb.gimp_by_color_select(drawable, (0, 0, 0), 20, CHANNEL_OP_REPLACE, False, False, 0, False)
    pdb.gimp_selection_load(saved)
    pdb.gimp_selection_shrink(image, 3)
    pdb.gimp_brightness_contrast(drawable, 20, 10)
    pdb.gimp_image_select_item(image, CHANNEL_OP_REPLACE, saved)
    if pdb.gimp_selection_bounds(image)[1:] != (x1, y1, x2, y2):
        raise RuntimeError("the saved selection differs")
    pdb.gimp_selection_none(image)
    pdb.gimp_image_remove_channel(image, saved)
    pdb.gimp_levels(drawable, HISTOGRAM_VALUE, 10, 240, 1.2, 0, 255)
    pdb.gimp_curves_spline(drawable, HISTOGRAM_VALUE, 6, [0, 0, 128, 110, 255, 255])
    pdb.gimp_undo_push_group_end(image)
    pdb.gimp_displays_flush()


register(
    "shim-select", "Selects, fills and pastes", "Selects, fills and pastes", "pluripaint", "pluripaint", "2026",
    "S_elect...", "RGB*",
    [
        (PF_IMAGE, "image", "Image", None),
        (PF_DRAWABLE, "drawable", "Layer", None),
        (PF_SPINNER, "soft", "Softness", 8, (0, 100, 1)),
    ],
    [], select, menu="<Image>/Filters/Shim",
)  # fmt: skip

main()
