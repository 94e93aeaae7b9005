"""Pixel buffers for the window: made from rows, blended, scaled, with lines drawn into their bytes.

No cairo: Python's GTK bindings come without pycairo beside GIMP. Blending and scaling are GdkPixbuf's.
"""

from __future__ import annotations

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
