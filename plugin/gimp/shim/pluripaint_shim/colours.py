"""Colours as pygimp has them: components 0…1, whole numbers meant as 0…255, names and CSS."""

from __future__ import annotations

import colorsys
import functools
import math
import re

from .enums import table

RGB_COMPOSITE_NONE, RGB_COMPOSITE_NORMAL, RGB_COMPOSITE_BEHIND = range(3)
RGB_LUMINANCE_RED, RGB_LUMINANCE_GREEN, RGB_LUMINANCE_BLUE = 0.22248840, 0.71690369, 0.06060791


def _component(value, whole=255.0) -> float:
    """Whole numbers count to ``whole``, fractions to 1."""
    if isinstance(value, int):
        return int(value) / whole
    return float(value)


class _Colour:
    """Named components in order; ``_wholes`` says what a whole number of each counts to."""

    _names: tuple = ()
    _wholes: tuple = ()

    def __init__(self, *values, **named):
        parts = [0.0] * len(self._names)
        parts[-1] = 1.0
        if len(values) == 1 and not isinstance(values[0], (int, float)):
            values = tuple(getattr(values[0], "_parts", values[0]))
        if len(values) > len(parts):
            raise TypeError(f"{type(self).__name__} takes at most {len(parts)} components")
        for k, value in enumerate(values):
            parts[k] = _component(value, self._wholes[k])
        self._parts = parts
        for name, value in named.items():
            setattr(self, name, value)

    def set(self, *values, **named):
        """Sets components by position or name; the others stay."""
        for k, value in enumerate(values):
            self._parts[k] = _component(value, self._wholes[k])
        for name, value in named.items():
            setattr(self, name, value)

    def set_alpha(self, a):
        self._parts[-1] = _component(a)

    def __len__(self):
        return len(self._names)

    def _whole(self, k):
        return math.floor(min(max(self._parts[k], 0.0), 1.0) * self._wholes[k] + 0.5)

    def __getitem__(self, k):
        if isinstance(k, slice):
            return tuple(self._whole(one) for one in range(*k.indices(len(self))))
        if k < -len(self) or k >= len(self):
            raise IndexError("index out of range")
        return self._whole(k % len(self))

    def __setitem__(self, k, value):
        self._parts[k] = _component(value, self._wholes[k])

    def __eq__(self, other):
        return type(other) is type(self) and all(abs(a - b) < 1e-9 for a, b in zip(self._parts, other._parts))

    __hash__ = None  # it can be changed

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(map(repr, self._parts))})"

    def __str__(self):
        return f"({', '.join(str(part) for part in self._parts)})"


def _component_property(k):
    def get(self):
        return self._parts[k]

    def put(self, value):
        self._parts[k] = _component(value, self._wholes[k])

    return property(get, put)


def _with_components(*names):
    """Gives a class its components under their short and long names."""

    def decorate(cls):
        for k, (short, long) in enumerate(names):
            setattr(cls, short, _component_property(k))
            setattr(cls, long, _component_property(k))
        cls._names = tuple(short for short, _ in names)
        return cls

    return decorate


_ALPHA = ("a", "alpha")


@_with_components(("r", "red"), ("g", "green"), ("b", "blue"), _ALPHA)
class RGB(_Colour):
    """Red, green, blue and alpha as sRGB encodes them."""

    _wholes = (255.0, 255.0, 255.0, 255.0)

    def __init__(self, *values, **named):
        if len(values) == 1 and isinstance(values[0], str):
            values = parse(values[0])
        super().__init__(*values, **named)

    def _colours(self, other):
        return list(zip(self._parts[:3], rgb(other)._parts[:3]))

    def _with(self, parts):
        made = RGB(self)
        made._parts[: len(parts)] = parts
        return made

    def add(self, color, with_alpha=False):
        """Adds another colour in place."""
        self._parts[:3] = [a + b for a, b in self._colours(color)]
        if with_alpha:
            self._parts[3] += rgb(color).a

    def subtract(self, color, with_alpha=False):
        """Subtracts another colour in place."""
        self._parts[:3] = [a - b for a, b in self._colours(color)]
        if with_alpha:
            self._parts[3] -= rgb(color).a

    def multiply(self, factor, with_alpha=False):
        """Multiplies by a number in place."""
        self._parts[:3] = [part * factor for part in self._parts[:3]]
        if with_alpha:
            self._parts[3] *= factor

    def __add__(self, other):
        return self._with([a + b for a, b in self._colours(other)])

    def __sub__(self, other):
        return self._with([a - b for a, b in self._colours(other)])

    def __mul__(self, factor):
        return self._with([part * float(factor) for part in self._parts[:3]])

    __rmul__ = __mul__

    def __truediv__(self, divisor):
        return self._with([part / float(divisor) for part in self._parts[:3]])

    def distance(self, color, alpha=False):
        """The sum of the components' distances."""
        return sum(abs(a - b) for a, b in self._colours(color))

    def max(self):
        return max(self._parts[:3])

    def min(self):
        return min(self._parts[:3])

    def clamp(self):
        """Brings every component into 0…1."""
        self._parts = [min(max(part, 0.0), 1.0) for part in self._parts]

    def gamma(self, gamma):
        """Raises the colour components to the power 1/gamma."""
        self._parts[:3] = [part ** (1.0 / gamma) if part > 0 else 0.0 for part in self._parts[:3]]

    def luminance(self):
        r, g, b = self._parts[:3]
        return RGB_LUMINANCE_RED * r + RGB_LUMINANCE_GREEN * g + RGB_LUMINANCE_BLUE * b

    def composite(self, color, mode=RGB_COMPOSITE_NORMAL):
        """Lays another colour over this one (or behind it)."""
        other = rgb(color)
        over, under = (self, other) if mode == RGB_COMPOSITE_BEHIND else (other, self)
        alpha = over.a + (1 - over.a) * under.a
        if mode != RGB_COMPOSITE_NONE and alpha:
            self._parts = [
                (over.a * a + (1 - over.a) * under.a * b) / alpha
                for a, b in zip(over._parts[:3], under._parts[:3])
            ] + [alpha]

    def parse_name(self, name):
        """Takes the colour of that name."""
        self._parts[:3] = rgb_parse_name(name)._parts[:3]

    def parse_hex(self, text):
        """Takes the colour written as ``#rgb`` or ``#rrggbb``."""
        self._parts[:3] = rgb_parse_hex(text)._parts[:3]

    def parse_css(self, text, with_alpha=False):
        """Takes the colour written in CSS."""
        parts = rgb_parse_css(text)._parts
        self._parts[: 4 if with_alpha else 3] = parts[: 4 if with_alpha else 3]

    def to_hsv(self):
        return HSV(*colorsys.rgb_to_hsv(*self._parts[:3]), self.a)

    def to_hsl(self):
        hue, lightness, saturation = colorsys.rgb_to_hls(*self._parts[:3])
        return HSL(hue, saturation, lightness, self.a)

    def to_cmyk(self, pullout=1.0):
        """Cyan, magenta, yellow and the share of their common part that goes into black."""
        c, m, y = (1.0 - part for part in self._parts[:3])
        black = min(c, m, y) * pullout
        if black >= 1.0:
            return CMYK(0.0, 0.0, 0.0, 1.0, self.a)
        return CMYK(*[(part - black) / (1 - black) for part in (c, m, y)], black, self.a)


@_with_components(("h", "hue"), ("s", "saturation"), ("v", "value"), _ALPHA)
class HSV(_Colour):
    """Hue, saturation, value."""

    _wholes = (360.0, 255.0, 255.0, 255.0)

    def clamp(self):
        """Brings every component into 0…1; the hue turns round."""
        self._parts = [self.h % 1.0] + [min(max(part, 0.0), 1.0) for part in self._parts[1:]]

    def to_rgb(self):
        return RGB(*colorsys.hsv_to_rgb(*self._parts[:3]), self.a)


@_with_components(("h", "hue"), ("s", "saturation"), ("l", "lightness"), _ALPHA)
class HSL(_Colour):
    """Hue, saturation, lightness."""

    _wholes = (360.0, 255.0, 255.0, 255.0)

    def to_rgb(self):
        return RGB(*colorsys.hls_to_rgb(self.h, self.l, self.s), self.a)


@_with_components(("c", "cyan"), ("m", "magenta"), ("y", "yellow"), ("k", "black"), _ALPHA)
class CMYK(_Colour):
    """Cyan, magenta, yellow, black."""

    _wholes = (255.0, 255.0, 255.0, 255.0, 255.0)


@functools.lru_cache(maxsize=None)
def _names() -> dict:
    return dict(table("colour_names.tsv"))


def rgb_names() -> list:
    """The names of the named colours."""
    return list(_names())


def rgb_parse_name(name) -> RGB:
    """The colour of that name."""
    try:
        return rgb_parse_hex(_names()[name.strip().lower()])
    except KeyError:
        raise ValueError(f"“{name}” is not the name of a colour") from None


def rgb_parse_hex(text) -> RGB:
    """The colour written as ``#rgb``, ``#rrggbb`` or with more digits."""
    digits = text.strip().lstrip("#")
    size = len(digits) // 3
    if not re.fullmatch(r"([0-9a-fA-F]{3}){1,4}", digits):
        raise ValueError(f"“{text}” is not a colour in hexadecimal")
    return RGB(*[int(digits[k * size : (k + 1) * size], 16) / (16.0**size - 1) for k in range(3)])


def rgb_parse_css(text) -> RGB:
    """The colour written in CSS: a name, ``#rgb``, ``rgb(…)``, ``rgba(…)``, ``hsl(…)``, ``hsla(…)``."""
    text = text.strip()
    match = re.fullmatch(r"(rgba?|hsla?)\(([^)]*)\)", text, re.IGNORECASE)
    if not match:
        return rgb_parse_hex(text) if text.startswith("#") else rgb_parse_name(text)
    parts = [part.strip() for part in match[2].split(",")]
    alpha = float(parts[3]) if len(parts) > 3 else 1.0
    if match[1].lower().startswith("hsl"):
        hue, saturation, lightness = (float(part.rstrip("%")) for part in parts[:3])
        made = HSL(hue / 360.0, saturation / 100.0, lightness / 100.0).to_rgb()
        made.a = alpha
        return made
    numbers = [float(part[:-1]) / 100 if part.endswith("%") else float(part) / 255 for part in parts[:3]]
    return RGB(*numbers, alpha)


def parse(text) -> tuple:
    """Components of a colour written in CSS."""
    return tuple(rgb_parse_css(text)._parts)


def rgb(value) -> RGB:
    """An ``RGB`` of what scripts pass as a colour: one of these classes, CSS text, a sequence of components."""
    if isinstance(value, RGB):
        return value
    if isinstance(value, (HSV, HSL)):
        return value.to_rgb()
    if isinstance(value, CMYK):
        parts = [(1 - part) * (1 - value.k) for part in value._parts[:3]]
        return RGB(*parts, value.a)
    if isinstance(value, (str, list, tuple)):
        return RGB(value) if isinstance(value, str) else RGB(*value)
    raise TypeError(f"{value!r} is not a colour")


def bilinear(x, y, values):
    """Between four values (upper left, upper right, lower left, lower right) at the fractions of ``x`` and ``y``."""
    x, y = x % 1.0, y % 1.0
    upper = (1 - x) * values[0] + x * values[1]
    lower = (1 - x) * values[2] + x * values[3]
    return (1 - y) * upper + y * lower


def bilinear_rgb(x, y, values) -> RGB:
    """The same for four colours without their alpha."""
    parts = [bilinear(x, y, [rgb(value)._parts[k] for value in values]) for k in range(3)]
    return RGB(*parts)


def bilinear_rgba(x, y, values) -> RGB:
    """The same for four colours, weighted by their alpha."""
    colours = [rgb(value) for value in values]
    alpha = bilinear(x, y, [colour.a for colour in colours])
    parts = [bilinear(x, y, [colour._parts[k] * colour.a for colour in colours]) for k in range(3)]
    return RGB(*[part / alpha if alpha else 0.0 for part in parts], alpha)


def bilinear_32(x, y, values):
    """Four pixels of four bytes."""
    return bytes(int(bilinear(x, y, [value[k] for value in values])) for k in range(4))


def bilinear_pixels_8(x, y, bpp, has_alpha, values):
    """Four pixels of ``bpp`` bytes; with alpha, colours weigh as much as they are opaque."""
    if not has_alpha:
        return bytes(int(bilinear(x, y, [value[k] for value in values])) for k in range(bpp))
    alphas = [value[bpp - 1] for value in values]
    alpha = bilinear(x, y, alphas)
    weighted = [[value[k] * a for value, a in zip(values, alphas)] for k in range(bpp - 1)]
    parts = [int(bilinear(x, y, one) / alpha) if alpha else 0 for one in weighted]
    return bytes([*parts, int(alpha)])
