"""Colours for gimpfu scripts."""

from pluripaint_shim.colours import (
    CMYK,
    HSL,
    HSV,
    RGB,
    RGB_COMPOSITE_BEHIND,
    RGB_COMPOSITE_NONE,
    RGB_COMPOSITE_NORMAL,
    RGB_LUMINANCE_BLUE,
    RGB_LUMINANCE_GREEN,
    RGB_LUMINANCE_RED,
    bilinear,
    bilinear_32,
    bilinear_pixels_8,
    bilinear_rgb,
    bilinear_rgba,
    rgb_names,
    rgb_parse_css,
    rgb_parse_hex,
    rgb_parse_name,
)
