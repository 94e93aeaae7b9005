"""Colour profiles: what 2.10 had as plug-ins is part of GIMP 3's library."""

from __future__ import annotations

from gi.repository import Gimp

from .. import carry
from .names import image, known

_APPLY = ("gimp-image-convert-color-profile-from-file", "plug-in-icc-profile-apply")
_SET = ("gimp-image-set-color-profile-from-file", "plug-in-icc-profile-set")


def _read(path):
    """A profile by its file; without one the built-in sRGB, which is what 2.10's preferences begin with."""
    return Gimp.ColorProfile.new_from_file(carry.file(path)) if path else Gimp.ColorProfile.new_rgb_srgb()


def _apply(img, profile, intent, bpc):
    intent = carry.enum(Gimp.ColorRenderingIntent.__gtype__, intent)
    if not image(img).convert_color_profile(profile, intent, bool(bpc)):
        raise carry.Failed(carry.last_error("the image was not converted"))


@known(*_APPLY)
def apply_file(_port, img, path, intent, bpc):
    _apply(img, _read(path), intent, bpc)


@known("plug-in-icc-profile-apply-rgb")
def apply_default(_port, img, intent, bpc):
    _apply(img, _read(None), intent, bpc)


@known(*_SET)
def set_file(_port, img, path):
    image(img).set_color_profile(_read(path))


@known("plug-in-icc-profile-set-rgb")
def set_default(_port, img):
    image(img).set_color_profile(None)


def _described(profile):
    return profile.get_model() or profile.get_label(), profile.get_description(), profile.get_summary()


@known("plug-in-icc-profile-info")
def info(_port, img):
    return _described(image(img).get_effective_color_profile())


@known("plug-in-icc-profile-file-info")
def file_info(_port, path):
    return _described(_read(path))
