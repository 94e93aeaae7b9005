"""What every part of the hand stands on: the plug-in's backend, and libgimp's own things by their numbers."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "pluripaint"))

from pluripaint_gimp import which_gimp

gimp = which_gimp.find()
GI = type(gimp).__name__ == "GiBackend"


def images():
    if GI:
        from gi.repository import Gimp

        return [image.get_id() for image in Gimp.get_images()]
    from pluripaint_gimp import libgimp210 as g

    return g.numbers_of(g.image_list)


def item(number):
    from gi.repository import Gimp

    return Gimp.Item.get_by_id(number)


def picture(number):
    from gi.repository import Gimp

    return Gimp.Image.get_by_id(number)


def declare():
    """What libgimp 2.10 offers beyond the plug-in's own needs."""
    import ctypes as C

    from pluripaint_gimp import libgimp210 as g

    g.more(
        {
            "color_profile_new_from_icc_profile": (g.vp, g.cp, C.c_size_t, g.vp),
            "image_duplicate": (g.i32, g.i32),
            "image_flatten": (g.i32, g.i32),
            "layer_copy": (g.i32, g.i32, g.i32),
            "image_delete": (g.i32, g.i32),
            "file_save": (g.i32, g.i32, g.i32, g.i32, g.cp, g.cp),
            "image_list": (g.vp, C.POINTER(g.i32)),
            "image_select_rectangle": (g.i32, g.i32, g.i32, g.dbl, g.dbl, g.dbl, g.dbl),
            "image_select_ellipse": (g.i32, g.i32, g.i32, g.dbl, g.dbl, g.dbl, g.dbl),
            "display_is_valid": (g.i32, g.i32),
            "display_delete": (g.i32, g.i32),
            "selection_none": (g.i32, g.i32),
            "selection_invert": (g.i32, g.i32),
            "item_set_lock_content": (g.i32, g.i32, g.i32),
            "item_set_lock_position": (g.i32, g.i32, g.i32),
            "layer_set_lock_alpha": (g.i32, g.i32, g.i32),
            "layer_create_mask": (g.i32, g.i32, g.i32),
            "layer_add_mask": (g.i32, g.i32, g.i32),
            "layer_set_opacity": (g.i32, g.i32, g.dbl),
            "layer_set_mode": (g.i32, g.i32, g.i32),
            "image_remove_layer": (g.i32, g.i32, g.i32),
            "image_convert_precision": (g.i32, g.i32, g.i32),
            "file_load": (g.i32, g.i32, g.cp, g.cp),
            "image_convert_indexed": (g.i32, g.i32, g.i32, g.i32, g.i32, g.i32, g.i32, g.cp),
            "image_resize": (g.i32, g.i32, g.i32, g.i32, g.i32, g.i32),
            "image_set_active_channel": (g.i32, g.i32, g.i32),
            "run_procedure2": (g.vp, g.cp, C.POINTER(g.i32), g.i32, C.POINTER(g.Param)),
        }
    )
