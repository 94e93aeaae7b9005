"""Pixel buffers for the window: made from rows, blended, scaled, with lines drawn into their bytes.

No pycairo: Python's GTK bindings come without it beside GIMP. Blending and scaling are GdkPixbuf's.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from gi.repository import GdkPixbuf, GLib

from pluripaint_client.geometry import Region

from .backend import Backend

Pixbuf = GdkPixbuf.Pixbuf


def from_rows(rows: bytes, width: int, height: int, alpha: bool) -> Pixbuf:
    """8-bit sRGB rows, with alpha or without, as a pixel buffer."""
    channels = 4 if alpha else 3
    return Pixbuf.new_from_bytes(
        GLib.Bytes.new(rows), GdkPixbuf.Colorspace.RGB, alpha, 8, width, height, width * channels
    )


def from_layer(gimp: Backend, layer: int, view: Region, side: int = 0) -> Pixbuf:
    """A part of a layer (image coordinates) on screen; with ``side``, at most that many pixels wide and high."""
    place = gimp.box(layer)
    part = view.moved(-place.left, -place.top)
    scale = min(1.0, side / max(view.width, view.height)) if side else 1.0
    if scale < 1:
        edges = (part.left * scale, part.top * scale)
        size = (max(1, int(part.width * scale)), max(1, int(part.height * scale)))
        part = Region(round(edges[0]), round(edges[1]), *size)
    return from_rows(gimp.read(layer, part, "R'G'B' u8", scale), part.width, part.height, False)


def composite(before: Pixbuf, fill: Pixbuf, left: int, top: int) -> Pixbuf:
    """``fill`` blended over ``before`` with its own alpha; its corner at ``left``, ``top``."""
    result = before.copy()
    x, y = max(0, left), max(0, top)
    width = min(left + fill.get_width(), before.get_width()) - x
    height = min(top + fill.get_height(), before.get_height()) - y
    if width > 0 and height > 0:
        fill.composite(result, x, y, width, height, left, top, 1, 1, GdkPixbuf.InterpType.NEAREST, 255)
    return result


def show(image: Any, picture: Pixbuf) -> None:
    """Puts a picture into a ``Gtk.Image``, one of its pixels on one pixel of the screen, also on a HiDPI screen.

    GTK takes such pictures as cairo surfaces only, which Python cannot hold without pycairo: GTK's own functions are
    called past its bindings. Where they are not found, the picture is as large as GTK draws it.
    """
    scale = image.get_scale_factor()
    if scale > 1 and _gtk() is not None:
        gdk, gtk, cairo = _gtk()
        surface = gdk.gdk_cairo_surface_create_from_pixbuf(hash(picture), scale, None)
        gtk.gtk_image_set_from_surface(hash(image), surface)
        cairo.cairo_surface_destroy(surface)
    else:
        image.set_from_pixbuf(picture)


_libraries: list[Any] = []


def _gtk() -> Any:
    """GDK, GTK and cairo as libraries; ``None`` where they are not found. A GObject's hash is its address."""
    if not _libraries:
        names = {
            "linux": ("libgdk-3.so.0", "libgtk-3.so.0", "libcairo.so.2"),
            "darwin": ("libgdk-3.0.dylib", "libgtk-3.0.dylib", "libcairo.2.dylib"),
            "win32": ("libgdk-3-0.dll", "libgtk-3-0.dll", "libcairo-2.dll"),
        }.get(sys.platform, ())
        try:
            gdk, gtk, cairo = (ctypes.CDLL(name) for name in names)
            pointer = ctypes.c_void_p
            gdk.gdk_cairo_surface_create_from_pixbuf.argtypes = [pointer, ctypes.c_int, pointer]
            gdk.gdk_cairo_surface_create_from_pixbuf.restype = pointer
            gtk.gtk_image_set_from_surface.argtypes = [pointer, pointer]
            gtk.gtk_image_set_from_surface.restype = None
            cairo.cairo_surface_destroy.argtypes = [pointer]
            cairo.cairo_surface_destroy.restype = None
            _libraries.append((gdk, gtk, cairo))
        except (OSError, ValueError, AttributeError):
            _libraries.append(None)
    return _libraries[0]


def thumbnail(picture: Pixbuf, box: Region, side: int = 160) -> Pixbuf:
    """The part around ``box`` (a quarter of its size more on each side), ``side`` pixels long; a small one enlarged up
    to fourfold, for what differs must be seen."""
    margin = max(8, max(box.width, box.height) // 4)
    whole = Region(0, 0, picture.get_width(), picture.get_height())
    part = box.grown(margin).intersection(whole) or whole
    cut = picture.new_subpixbuf(*part)
    scale = min(4.0, side / max(part.width, part.height))
    width, height = max(1, round(part.width * scale)), max(1, round(part.height * scale))
    return cut.scale_simple(width, height, GdkPixbuf.InterpType.BILINEAR)


def with_frames(picture: Pixbuf, frames: list[tuple[Region, bytes]]) -> Pixbuf:
    """A copy of an RGB picture with one-pixel frames in the given colours (three bytes each)."""
    width, height, stride = picture.get_width(), picture.get_height(), picture.get_rowstride()
    data = bytearray(picture.get_pixels())
    whole = Region(0, 0, width, height)
    for frame, color in frames:
        part = frame.intersection(whole)
        if part is None:
            continue
        for row in {part.top, part.bottom - 1}:
            start = row * stride + part.left * 3
            data[start : start + part.width * 3] = color * part.width
        for column in {part.left, part.right - 1}:
            for row in range(part.top, part.bottom):
                start = row * stride + column * 3
                data[start : start + 3] = color
    return Pixbuf.new_from_bytes(
        GLib.Bytes.new(bytes(data)), GdkPixbuf.Colorspace.RGB, False, 8, width, height, stride
    )
