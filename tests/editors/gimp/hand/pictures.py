"""Pictures made, shown, changed as a whole, saved, opened and closed."""

import os

from inside import GI, gimp, picture
from layers import opaque_layer
from telling import by_name

from pluripaint_client.geometry import Region


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


def big_picture(width, height):
    tile = os.urandom(3 * width * 50)
    return new_picture(width, height, False, 150, False, "R'G'B' u8", tile * (height // 50))


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


def with_text_layer(image, name, path):
    """The same picture from a file, with an active text layer on top: without fonts GIMP makes none itself."""
    opaque_layer(image, name)
    ours, gimp.parasite_name = gimp.parasite_name, "gimp-text-layer"
    gimp.set_parasite(by_name(image, name), b'(text "words")\n(font "Sans")\n(font-size 30)\0')
    gimp.parasite_name = ours
    opened = saved_and_opened_again(image, path)
    gimp.select_items(opened, [by_name(opened, name)])
