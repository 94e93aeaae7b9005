#!/usr/bin/env python
# Layers, groups, masks, modes, duplicates and notes.
from gimpfu import *


def stack(image, drawable):
    image.undo_group_start()
    copy = drawable.copy(True)
    copy.name = "copy"
    image.add_layer(copy, 0)
    copy.mode = MULTIPLY_MODE
    copy.opacity = 60.0
    group = pdb.gimp_layer_group_new(image)
    group.name = "group"
    pdb.gimp_image_insert_layer(image, group, None, 0)
    inner = gimp.Layer(image, "inner", image.width / 2, image.height / 2, RGBA_IMAGE, 80, SCREEN_MODE)
    image.insert_layer(inner, group, 0)
    inner.fill(WHITE_FILL)
    pdb.gimp_context_push()
    gimp.set_foreground(200, 30, 40)
    pdb.gimp_edit_fill(inner, FOREGROUND_FILL)
    inner.set_offsets(10, 5)
    inner.translate(3, 4)
    pdb.gimp_image_reorder_item(image, copy, group, 1)
    mask = copy.create_mask(ADD_WHITE_MASK)
    copy.add_mask(mask)
    gimp.set_background((0.25, 0.25, 0.25))
    pdb.gimp_rect_select(image, 0, 0, image.width / 3, image.height, CHANNEL_OP_REPLACE, False, 0)
    pdb.gimp_edit_fill(mask, BACKGROUND_FILL)
    pdb.gimp_selection_none(image)
    pdb.gimp_context_pop()
    drawable.attach_new_parasite("shim-note", PARASITE_PERSISTENT, "noted")
    if drawable.parasite_find("shim-note").data != b"noted":
        raise RuntimeError("the note was lost")
    if [layer.name for layer in image.layers] != ["group", drawable.name]:
        raise RuntimeError("the layers are %r" % image.layers)
    if [child.name for child in group.children] != ["inner", "copy"]:
        raise RuntimeError("the group holds %r" % group.children)
    if inner.offsets != (13, 9) or inner.parent != group or copy.mask is None:
        raise RuntimeError("offsets %r, parent %r" % (inner.offsets, inner.parent))
    image.active_layer = drawable
    guide = image.add_hguide(7)
    if image.get_guide_position(guide) != 7:
        raise RuntimeError("the guide was lost")
    image.delete_guide(guide)
    image.undo_group_end()
    gimp.displays_flush()
    return len(image.layers), group


register(
    "python_fu_shim_stack", "Builds a stack of layers", "Builds a stack of layers", "pluripaint", "pluripaint",
    "2026", "<Image>/Filters/Shim/_Stack", "RGB*", [],
    [(PF_INT, "count", "Number of layers"), (PF_LAYER, "group", "The group")], stack,
)  # fmt: skip

main()
