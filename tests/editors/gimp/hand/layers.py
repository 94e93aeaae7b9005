"""What a person does to layers, channels and the selection."""

from inside import GI, gimp, item, picture
from pluripaint_gimp.backend import NewLayer
from telling import by_name

from pluripaint_client.geometry import Region


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


def invert_selection(image):
    if GI:
        from gi.repository import Gimp

        Gimp.Selection.invert(picture(image))
    else:
        from pluripaint_gimp import libgimp210 as g

        g.selection_invert(image)
    gimp.displays_flush()


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


def opaque_layer(image, name, colour=(120, 110, 90)):
    """A layer of the picture's size on top, one colour all over."""
    width, height = gimp.image_size(image)
    made = NewLayer(
        name, Region(0, 0, width, height), bytes([*colour, 255]) * width * height, "R'G'B'A u8", True
    )
    gimp.insert(image, gimp.new_layer(image, made), 0, 0)


def group_around(image, name):
    """An active group on top with a copy of nothing in it but one opaque layer."""
    group = gimp.new_group(image, name)
    gimp.insert(image, group, 0, 0)
    opaque_layer(image, "inside")
    gimp.reorder(image, by_name(image, "inside"), group, 0)
    gimp.select_items(image, [group])


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
