#!/usr/bin/python3
"""A remote hand inside GIMP for tests: prepares pictures and tells what is there. Never calls the plug-in's actions.

Installed as a plug-in of its own and started once as a batch command; GIMP's interface stays alive beside it. Listens
on a port, runs the Python it is sent and answers what ``answer`` holds as JSON. Talks to GIMP through the plug-in's
backend (reading) and through libgimp's own functions (preparing).
"""

import hashlib
import json
import os
import socket
import sys
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "pluripaint"))

from pluripaint_gimp import backend
from pluripaint_gimp.backend import NewLayer

from pluripaint_client.geometry import Region

gimp = backend.find()
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


def digest(number, box=None):
    size = gimp.box(number)
    box = box or Region(0, 0, size.width, size.height)
    return hashlib.sha256(gimp.read(number, box, gimp.format(number, gimp.encoding(number)))).hexdigest()


def tree(image, items=None):
    """Every layer: name, kind, eye, place, encoding, hash of its pixels, children."""
    found = []
    for one in gimp.layers(image) if items is None else items:
        kind = gimp.kind(one)
        entry = {
            "name": gimp.item_name(one),
            "kind": kind,
            "visible": gimp.visible(one),
            "box": list(gimp.box(one)),
        }
        if kind == "group":
            entry["children"] = tree(image, gimp.children(one))
        else:
            entry["encoding"], entry["pixels"] = gimp.encoding(one), digest(one)
        found.append(entry)
    return found


def state(image):
    box = gimp.selection_box(image)
    return {
        "tree": tree(image),
        "active": [gimp.item_name(one) for one in gimp.selected_items(image)],
        "selection": [list(box), digest(gimp.selection(image), box)] if box else None,
    }


def by_name(image, name, items=None):
    for one in gimp.layers(image) if items is None else items:
        if gimp.item_name(one) == name:
            return one
        below = by_name(image, name, gimp.children(one))
        if below:
            return below
    return 0


def select(image, kind, x, y, w, h, feather=0.0, add=False):
    """A rectangle or ellipse; as a person's own step it is in the undo history."""
    if GI:
        from gi.repository import Gimp

        how = Gimp.ChannelOps.ADD if add else Gimp.ChannelOps.REPLACE
        target = picture(image)
        (target.select_ellipse if kind == "ellipse" else target.select_rectangle)(how, x, y, w, h)
        if feather:
            Gimp.Selection.feather(target, feather)
    else:
        from pluripaint_gimp import libgimp210 as g

        chosen = g.image_select_ellipse if kind == "ellipse" else g.image_select_rectangle
        chosen(image, 0 if add else 2, x, y, w, h)
        if feather:
            g.selection_feather(image, feather)
    gimp.displays_flush()


def channel(image, name, box, active=True):
    """A saved selection named ``name``, white over ``box``; GIMP takes a ``Qmask`` for its Quick Mask."""
    width, height = gimp.image_size(image)
    rows = bytearray(width * height)
    left, top, across, down = box
    for y in range(top, top + down):
        rows[y * width + left : y * width + left + across] = b"\xff" * across
    whole_image = Region(0, 0, width, height)
    if GI:
        from gi.repository import Gegl, Gimp

        made = Gimp.Channel.new(picture(image), name, width, height, 50.0, Gegl.Color.new("red"))
        picture(image).insert_channel(made, None, 0)
        gimp._write(made, whole_image, "Y u8", bytes(rows))
        number = made.get_id()
    else:
        import ctypes as C

        from pluripaint_gimp import libgimp210 as g

        red = g.Color(1, 0, 0, 1)
        number = g.channel_new(image, name.encode(), width, height, 50.0, C.byref(red))
        g.image_insert_channel(image, number, 0, 0)
        gimp._write(number, whole_image, "Y u8", bytes(rows))
    gimp.select_items(image, [number] if active else [gimp.layers(image)[0]])
    gimp.displays_flush()


def second_layer(image):
    """A small empty layer on top."""
    clear = NewLayer("above", Region(0, 0, 4, 4), bytes(4 * 4 * 4), "R'G'B'A u8", True)
    gimp.insert(image, gimp.new_layer(image, clear), 0, 0)


def duplicate_hidden(image, layer):
    """What a person does with a layer to paint on a copy of it; named ``mine`` and hidden."""
    parent, place = gimp.parent(layer), gimp.position(image, layer)
    if GI:
        copy = item(layer).copy().get_id()
    else:
        from pluripaint_gimp import libgimp210 as g

        copy = g.layer_copy(layer, 0)
    gimp.insert(image, copy, parent, place + 1)
    gimp.rename(copy, "mine")
    gimp.set_visible(copy, False)


def new_picture(
    width, height, gray, precision, alpha, pixels_format, pixels, profile=b"", offset=(0, 0), canvas=()
):
    """A shown picture with one layer ``source`` from raw rows."""
    if GI:
        from gi.repository import Gimp

        kind = Gimp.ImageBaseType.GRAY if gray else Gimp.ImageBaseType.RGB
        image = Gimp.Image.new_with_precision(*(canvas or (width, height)), kind, Gimp.Precision(precision))
        if profile:
            image.set_color_profile(Gimp.ColorProfile.new_from_icc_profile(profile))
        types = [
            Gimp.ImageType.RGB_IMAGE,
            Gimp.ImageType.RGBA_IMAGE,
            Gimp.ImageType.GRAY_IMAGE,
            Gimp.ImageType.GRAYA_IMAGE,
        ]
        layer = Gimp.Layer.new(
            image, "source", width, height, types[2 * gray + alpha], 100, Gimp.LayerMode.NORMAL
        )
        layer.set_offsets(*offset)
        image.insert_layer(layer, None, 0)
        image_id, layer_id = image.get_id(), layer.get_id()
        gimp._write(layer, Region(0, 0, width, height), gimp.format(layer_id, pixels_format), pixels)
    else:
        from pluripaint_gimp import libgimp210 as g

        image_id = g.image_new_with_precision(*(canvas or (width, height)), int(gray), precision)
        if profile:
            made = g.color_profile_new_from_icc_profile(profile, len(profile), None)
            g.image_set_color_profile(image_id, made)
        layer_id = g.layer_new(image_id, b"source", width, height, 2 * gray + alpha, 100.0, 28)
        g.layer_set_offsets(layer_id, *offset)
        g.image_insert_layer(image_id, layer_id, 0, 0)
        gimp._write(layer_id, Region(0, 0, width, height), gimp.format(layer_id, pixels_format), pixels)
    show(image_id)
    return image_id


def show(image):
    """Shows a picture in a window of GIMP's."""
    if GI:
        from gi.repository import Gimp

        Gimp.Display.new(picture(image))
    else:
        from pluripaint_gimp import libgimp210 as g

        g.display_new(image)
    gimp.displays_flush()


def forget(image):
    """Closes a picture with its windows, unsaved. Display numbers count up; a wrong one is refused."""
    if GI:
        from gi.repository import Gimp

        for number in range(1, 200):
            display = Gimp.Display.get_by_id(number)
            if display and display.is_valid() and number > 1:
                display.delete()
    else:
        from pluripaint_gimp import libgimp210 as g

        for number in range(2, 200):
            if g.display_is_valid(number):
                g.display_delete(number)


def make_indexed(image):
    if GI:
        from gi.repository import Gimp

        picture(image).convert_indexed(
            Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 64, False, False, ""
        )
    else:
        from pluripaint_gimp import libgimp210 as g

        g.image_convert_indexed(image, 0, 0, 64, 0, 0, b"")
    gimp.displays_flush()


def alter(image, layer, how, *values):
    """What a person does to a layer or picture: move, opacity, mode (multiply), hide, remove, size, precision."""
    if GI:
        from gi.repository import Gimp

        one, whole_picture = item(layer), picture(image)
        {
            "move": lambda x, y: one.set_offsets(x, y),
            "opacity": lambda percent: one.set_opacity(percent),
            "mode": lambda: one.set_mode(Gimp.LayerMode.MULTIPLY),
            "hide": lambda: one.set_visible(False),
            "remove": lambda: whole_picture.remove_layer(one),
            "size": lambda width, height: whole_picture.resize(width, height, 0, 0),
            "precision": lambda value: whole_picture.convert_precision(Gimp.Precision(value)),
        }[how](*values)
    else:
        from pluripaint_gimp import libgimp210 as g

        {
            "move": lambda x, y: g.layer_set_offsets(layer, x, y),
            "opacity": lambda percent: g.layer_set_opacity(layer, percent),
            "mode": lambda: g.layer_set_mode(layer, 30),
            "hide": lambda: gimp.set_visible(layer, False),
            "remove": lambda: g.image_remove_layer(image, layer),
            "size": lambda width, height: g.image_resize(image, width, height, 0, 0),
            "precision": lambda value: g.image_convert_precision(image, value),
        }[how](*values)
    gimp.displays_flush()


def opaque_layer(image, name):
    """A layer of the picture's size on top, one colour all over."""
    width, height = gimp.image_size(image)
    made = NewLayer(
        name, Region(0, 0, width, height), bytes([120, 110, 90, 255]) * width * height, "R'G'B'A u8", True
    )
    gimp.insert(image, gimp.new_layer(image, made), 0, 0)


def group_around(image, name):
    """An active group on top with a copy of nothing in it but one opaque layer."""
    group = gimp.new_group(image, name)
    gimp.insert(image, group, 0, 0)
    opaque_layer(image, "inside")
    gimp.reorder(image, by_name(image, "inside"), group, 0)
    gimp.select_items(image, [group])


def add_mask(image, layer):
    """A white layer mask, which is being edited afterwards."""
    if GI:
        from gi.repository import Gimp

        item(layer).add_mask(item(layer).create_mask(Gimp.AddMaskType.WHITE))
        item(layer).set_edit_mask(True)
    else:
        from pluripaint_gimp import libgimp210 as g

        g.layer_add_mask(layer, g.layer_create_mask(layer, 0))
        g.layer_set_edit_mask(layer, 1)
    gimp.displays_flush()


def invert_selection(image):
    if GI:
        from gi.repository import Gimp

        Gimp.Selection.invert(picture(image))
    else:
        from pluripaint_gimp import libgimp210 as g

        g.selection_invert(image)
    gimp.displays_flush()


def lock(layer):
    """Locks a layer's pixels, position and transparency."""
    if GI:
        item(layer).set_lock_content(True)
        item(layer).set_lock_position(True)
        item(layer).set_lock_alpha(True)
    else:
        from pluripaint_gimp import libgimp210 as g

        g.item_set_lock_content(layer, 1)
        g.item_set_lock_position(layer, 1)
        g.layer_set_lock_alpha(layer, 1)


def with_text_layer(image, name, path):
    """The same picture from a file, with an active text layer on top: without fonts GIMP makes none itself."""
    opaque_layer(image, name)
    ours, gimp.parasite_name = gimp.parasite_name, "gimp-text-layer"
    gimp.set_parasite(by_name(image, name), b'(text "words")\n(font "Sans")\n(font-size 30)\0')
    gimp.parasite_name = ours
    opened = saved_and_opened_again(image, path)
    gimp.select_items(opened, [by_name(opened, name)])


def float_selection(image):
    """What is selected, floating above its layer."""
    if GI:
        from gi.repository import Gimp

        Gimp.Selection.float(picture(image), [item(gimp.layers(image)[0])], 5, 5)
    else:
        import ctypes as C

        from pluripaint_gimp import libgimp210 as g

        given = (g.Param * 3)()  # libgimp's own function hands the image over for the layer
        for one, kind, value in zip(given, (g.DRAWABLE, g.INT32, g.INT32), (gimp.layers(image)[0], 5, 5)):
            one.type, one.data.d_int32 = kind, value
        g.run_procedure2(b"gimp-selection-float", C.byref(g.i32()), 3, given)
    gimp.displays_flush()


def saved_and_opened_again(image, path):
    """Saves as XCF, closes, opens the file; the new picture."""
    if GI:
        from gi.repository import Gimp, Gio

        file = Gio.File.new_for_path(path)
        Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, picture(image), file, None)
        forget(image)
        opened = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file).get_id()
    else:
        from pluripaint_gimp import libgimp210 as g

        g.file_save(1, image, gimp.layers(image)[0], path.encode(), path.encode())
        forget(image)
        opened = g.file_load(1, path.encode(), path.encode())
    show(opened)
    return opened


def big_picture(width, height):
    tile = os.urandom(3 * width * 50)
    return new_picture(width, height, False, 150, False, "R'G'B' u8", tile * (height // 50))


def whole(number):
    size = gimp.box(number)
    return Region(0, 0, size.width, size.height)


def drawable(image, name):
    if name == "visible":
        return gimp.seen(image)
    return gimp.selection(image) if name == "selection" else by_name(image, name)


def export(image, path):
    """The flattened picture as GIMP's own export writes it; a copy is flattened, as its dialog does."""
    if GI:
        from gi.repository import Gimp, Gio

        copy = picture(image).duplicate()
        copy.flatten()
        Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, copy, Gio.File.new_for_path(path), None)
        copy.delete()
    else:
        from pluripaint_gimp import libgimp210 as g

        copy = g.image_duplicate(image)
        layer = g.image_flatten(copy)
        g.file_save(1, copy, layer, path.encode(), path.encode())
        g.image_delete(copy)


def notes(image):
    """What the plug-in wrote about each layer of the topmost group."""
    return [json.loads(gimp.parasite(layer).decode()) for layer in gimp.children(gimp.layers(image)[0])]


def refusal(name, image, layer):
    """Runs an entry without a person, as a script would; the sentence with which it refuses."""
    if GI:
        from gi.repository import Gimp

        procedure = Gimp.get_pdb().lookup_procedure(name)
        config = procedure.create_config()
        config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
        config.set_property("image", picture(image))
        config.set_core_object_array("drawables", [item(layer)])
        procedure.run(config)
        return Gimp.get_pdb().get_last_error()
    import ctypes as C

    from pluripaint_gimp import libgimp210 as g

    given = (g.Param * 3)()
    for one, kind, value in zip(given, (g.INT32, g.IMAGE, g.DRAWABLE), (1, image, layer)):
        one.type, one.data.d_int32 = kind, value
    g.run_procedure2(name.encode(), C.byref(g.i32()), 3, given)
    return g.get_pdb_error().decode()


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


def said(code):
    """Runs code in names of its own."""
    names = dict(globals(), answer=None)
    try:
        exec(code, names)
        return {"answer": names["answer"]}
    except BaseException:
        return {"error": traceback.format_exc()}


def run(_gimp, call):
    gimp.start_pixels()
    if not GI:
        declare()
    with socket.create_server(("127.0.0.1", int(call.values["port"]))) as server:
        connection, _ = server.accept()
    with connection, connection.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            lines.write(json.dumps(said(json.loads(line))) + "\n")
            lines.flush()
    return ""


sys.exit(
    gimp.main(
        [
            backend.Procedure(
                "pluripaint-test-hand",
                "Hand",
                "for tests",
                run,
                (backend.Argument("port", "port", "string", ""),),
                needs_image=False,
                menu="",
            )
        ]
    )
)
