"""Filling, gradients and moving pixels round."""

from __future__ import annotations

from gi.repository import Gimp

from .. import carry
from .names import context, item, known

_FILLS = (Gimp.FillType.FOREGROUND, Gimp.FillType.BACKGROUND, Gimp.FillType.PATTERN)


@known("gimp-edit-bucket-fill", "gimp-bucket-fill")
def bucket_fill(port, drawable, mode, paint_mode, opacity, threshold, merged, x, y):
    bucket_fill_full(port, drawable, mode, paint_mode, opacity, threshold, merged, 1, 0, x, y)


@known("gimp-edit-bucket-fill-full")
def bucket_fill_full(
    port, drawable, mode, paint_mode, opacity, threshold, merged, transparent, criterion, x, y
):
    """Where something is selected the whole selection is filled; else what is like the pixel at x, y."""
    one = item(drawable)
    with context():
        port.new("gimp-context-set-paint-mode", paint_mode=paint_mode)
        Gimp.context_set_opacity(opacity)
        Gimp.context_set_sample_threshold(threshold / 255.0)
        Gimp.context_set_sample_merged(bool(merged))
        Gimp.context_set_sample_transparent(bool(transparent))
        Gimp.context_set_sample_criterion(carry.enum(Gimp.SelectCriterion.__gtype__, criterion))
        if Gimp.Selection.is_empty(one.get_image()):
            one.edit_bucket_fill(_FILLS[mode], x, y)
        else:
            one.edit_fill(_FILLS[mode])


@known("gimp-edit-blend", "gimp-blend")
def blend(
    port, drawable, blend_mode, paint_mode, gradient_type, opacity, offset, repeat, reverse, supersample, depth,
    threshold, dither, x1, y1, x2, y2,
):  # fmt: skip
    gradients = (
        Gimp.context_set_gradient_fg_bg_rgb,
        Gimp.context_set_gradient_fg_bg_hsv_cw,
        Gimp.context_set_gradient_fg_transparent,
    )
    with context():
        port.new("gimp-context-set-paint-mode", paint_mode=paint_mode)
        Gimp.context_set_opacity(opacity)
        if blend_mode < len(gradients):
            gradients[blend_mode]()
        port.new("gimp-context-set-gradient-repeat-mode", repeat_mode=repeat)
        Gimp.context_set_gradient_reverse(bool(reverse))
        port.new(
            "gimp-drawable-edit-gradient-fill",
            drawable=drawable,
            gradient_type=gradient_type,
            offset=offset,
            supersample=supersample,
            supersample_max_depth=depth,
            supersample_threshold=threshold,
            dither=dither,
            x1=x1,
            y1=y1,
            x2=x2,
            y2=y2,
        )


@known("gimp-drawable-offset", "gimp-channel-ops-offset")
def offset(_port, drawable, wrap_around, fill_type, x, y):
    fill = Gimp.OffsetType.TRANSPARENT if fill_type else Gimp.OffsetType.COLOR
    item(drawable).offset(
        bool(wrap_around), fill, Gimp.context_get_background() or carry.color((1, 1, 1)), x, y
    )


def _strokes(name):
    """Painting along points; 2.10 passes how many numbers there are."""

    def paint(_port, drawable, *values):
        *before, count, points = values
        getattr(Gimp, name)(item(drawable), *before, list(points[:count]))

    return paint


for _name in ("pencil", "paintbrush_default", "eraser_default", "airbrush_default", "smudge_default"):
    known(f"gimp-{_name.replace('_', '-')}")(_strokes(_name))


@known("gimp-paintbrush")
def paintbrush(_port, drawable, fade_out, count, points, method, gradient_length):
    Gimp.paintbrush(
        item(drawable), fade_out, list(points[:count]), Gimp.PaintApplicationMode(method), gradient_length
    )
