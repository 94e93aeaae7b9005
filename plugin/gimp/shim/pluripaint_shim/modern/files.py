"""Saving: 2.10 wrote the drawable it was given, GIMP 3 exports the image."""

from __future__ import annotations

import glob
import os

from gi.repository import Gimp, GLib

from .. import carry
from .names import image, item, known

# Formats that hold the layers of an image, not just one picture.
LAYERED = (
    ".xcf",
    ".xcf.gz",
    ".xcf.bz2",
    ".xcf.xz",
    ".ora",
    ".psd",
    ".gif",
    ".pdf",
    ".ico",
    ".gih",
    ".mng",
)


def one_picture(img, drawable):
    """An image whose only layer is the drawable, to be deleted; ``None`` where the image is that already."""
    picture, one = image(img), item(drawable)
    layers = picture.get_layers()
    if one is None or (len(layers) == 1 and layers[0].get_id() == drawable and not layers[0].is_group()):
        return None
    made = Gimp.Image.new_with_precision(
        one.get_width(), one.get_height(), picture.get_base_type(), picture.get_precision()
    )
    profile = picture.get_color_profile()
    if profile:
        made.set_color_profile(profile)
    if picture.get_base_type() == Gimp.ImageBaseType.INDEXED:
        made.set_palette(picture.get_palette())
    layer = Gimp.Layer.new_from_drawable(one, made)
    made.insert_layer(layer, None, 0)
    layer.set_visible(True)
    layer.set_offsets(0, 0)
    layer.set_opacity(100.0)
    return made


def write(img, drawable, path, export):
    """Calls ``export(image number)`` on the image, or on a copy of the drawable for formats of one picture."""
    copy = None if path.lower().endswith(LAYERED) else one_picture(img, drawable)
    try:
        return export(copy.get_id() if copy else img)
    finally:
        if copy:
            copy.delete()


def through(_recipe, values, call):
    """Runs an export procedure with the values of a 2.10 one: image, drawable, file name, raw name, settings."""
    return write(values[0], values[1], values[2], lambda number: call([number, *values[1:]]))


@known("gimp-file-save")
def file_save(port, img, drawable, filename, _raw):
    def export(number):
        done = Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image(number), carry.file(filename), None)
        if not done:
            raise carry.Failed(carry.last_error(f"“{filename}” was not written"))

    write(img, drawable, filename, export)


@known("file-glob")
def file_glob(_port, pattern, _encoding):
    found = sorted(glob.glob(pattern))
    return len(found), found


@known("gimp-file-save-thumbnail")
def save_thumbnail(_port, img, filename):
    Gimp.file_create_thumbnail(image(img), carry.file(os.path.abspath(filename)))


@known("gimp-image-thumbnail", "gimp-drawable-thumbnail")
def thumbnail(_port, number, width, height):
    """A small picture's bytes: width, height, bytes per pixel, count, data."""
    one = image(number) if Gimp.Image.id_is_valid(number) else None
    return _bytes_of(
        one.get_thumbnail(width, height, 0) if one else item(number).get_thumbnail(width, height, 0)
    )


@known("gimp-drawable-sub-thumbnail")
def sub_thumbnail(_port, drawable, x, y, width, height, wide, high):
    return _bytes_of(item(drawable).get_sub_thumbnail(x, y, width, height, wide, high, 0))


def _bytes_of(made):
    rows = made.get_pixels()
    stride, bpp, wide, high = made.get_rowstride(), made.get_n_channels(), made.get_width(), made.get_height()
    data = b"".join(bytes(rows[y * stride : y * stride + wide * bpp]) for y in range(high))
    return wide, high, bpp, len(data), GLib.Bytes.new(data).get_data()


@known("gimp-xcf-load", "file-gbr-load", "file-gih-load", "file-pat-load")
def load_of_core(_port, _dummy, filename, _raw):
    """Formats that GIMP itself reads: called by their own names its procedures end GIMP 3.0.4."""
    made = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, carry.file(filename))
    if made is None:
        raise carry.Failed(carry.last_error(f"“{filename}” was not read"))
    return made.get_id()


@known("gimp-xcf-save")
def xcf_save(port, _dummy, img, drawable, filename, raw):
    file_save(port, img, drawable, filename, raw)


_PNG_DEFAULTS, _PNG_SETTINGS = "png-save-defaults", (0, 9, 1, 0, 0, 1, 1, 1, 0)


@known("file-png-get-defaults")
def png_defaults(port):
    """What ``file-png-set-defaults`` was given, else 2.10's own: interlacing, compression, and so on."""
    kept = port.data(_PNG_DEFAULTS)
    return tuple(kept) if kept else _PNG_SETTINGS


@known("file-png-set-defaults")
def set_png_defaults(port, *settings):
    port.set_data(_PNG_DEFAULTS, bytes(settings))


@known("file-png-save-defaults")
def png_save_defaults(port, img, drawable, filename, raw):
    port.call("file-png-save2", [img, drawable, filename, raw, *png_defaults(port)])
