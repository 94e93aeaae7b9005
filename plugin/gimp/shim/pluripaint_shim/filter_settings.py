"""2.10's arguments of filters turned into the properties of GEGL operations; ``names_of_filters`` says which is whose.

Each takes where the filter works (its size, the selection, the colours in use; see ``filters``) and 2.10's arguments
after image and drawable.
"""

from __future__ import annotations

from typing import Any

_BLUR = 0.32  # a radius of the old blur is so many standard deviations


def gauss(_place, horizontal, vertical, _method=0):
    return {"std-dev-x": horizontal * _BLUR, "std-dev-y": vertical * _BLUR}


def gauss_one(_place, radius, horizontal, vertical):
    return {"std-dev-x": radius * _BLUR * bool(horizontal), "std-dev-y": radius * _BLUR * bool(vertical)}


def bump_map(
    _place, bumpmap, azimuth, elevation, depth, xofs, yofs, waterlevel, ambient, compensate, invert, type
):
    return {
        "aux": bumpmap, "azimuth": azimuth, "elevation": elevation, "depth": depth, "offset-x": xofs,
        "offset-y": yofs, "waterlevel": waterlevel, "ambient": ambient, "compensate": compensate, "invert": invert,
        "type": type,
    }  # fmt: skip


def noise(place, independent, *amounts):
    return rgb_noise(place, independent, 0, *amounts)


def rgb_noise(place, independent, correlated, n1, n2, n3, n4):
    red, green, blue, alpha = (n1, n2, n3, n4) if place.rgb else (n1, n1, n1, n2)
    return {
        "correlated": correlated, "independent": independent, "red": red, "green": green, "blue": blue,
        "alpha": alpha, "seed": place.seed(),
    }  # fmt: skip


def displace(mode):
    def settings(_place, amount_x, amount_y, do_x, do_y, map_x, map_y, displace_type):
        chosen: dict[str, Any] = {
            "displace-mode": mode,
            "amount-x": amount_x if do_x else 0.0,
            "amount-y": amount_y if do_y else 0.0,
            "abyss-policy": {1: 2, 2: 1}.get(displace_type, 0) if displace_type != 3 else 3,
        }
        if do_x:
            chosen["aux"] = map_x
        if do_y:
            chosen["aux2"] = map_y
        return chosen

    return settings


def mixer(_place, monochrome, *gains):
    if monochrome:
        return {"operation": "gegl:mono-mixer", **dict(zip(("red", "green", "blue"), gains))}
    names = [f"{a}{b}-gain" for a in "rgb" for b in "rgb"]
    return dict(zip(names, gains))


def convolution(_place, _count, matrix, alpha_weight, divisor, offset, _channels, channels, border):
    cells = [f"{row}{column}" for row in "abcde" for column in "12345"]
    red, green, blue, alpha = (bool(one) for one in channels[1:5])
    return {
        **dict(zip(cells, matrix)), "divisor": divisor, "offset": offset, "red": red, "green": green, "blue": blue,
        "alpha": alpha, "normalize": False, "alpha-weight": alpha_weight, "border": {1: 2, 2: 0}.get(border, 1),
    }  # fmt: skip


def motion(_place, kind, length, angle, center_x, center_y, inward=False):
    if kind == 0:
        turned = angle - 360 if angle > 180 else angle
        return {"operation": "gegl:motion-blur-linear", "length": length, "angle": turned}
    center = {"center-x": center_x / _place.width, "center-y": center_y / _place.height}
    if kind == 1:
        return {"operation": "gegl:motion-blur-circular", "angle": angle, **center}
    factor = min(length / 256.0, 1.0)
    factor = -factor / (1.0 - factor) if inward and factor < 1 else factor
    return {"operation": "gegl:motion-blur-zoom", "factor": max(-10.0, factor), **center}


def placed(place, **settings):
    """Operations that draw a picture need its place and size."""
    return {
        "x": place.x,
        "y": place.y,
        "width": place.selected_width,
        "height": place.selected_height,
        **settings,
    }


def sized(place, **settings):
    return {"width": place.selected_width, "height": place.selected_height, **settings}


def ripple(place, period, amplitude, orientation, edges, waveform, antialias, tile):
    return {
        "amplitude": amplitude, "period": period, "phi": 0.0,
        "angle": 0.0 if orientation else 90.0, "sampler-type": 2 if antialias else 0,
        "wave-type": 0 if waveform else 1, "abyss-policy": {0: 1, 1: 2}.get(edges, 0), "tileable": tile,
    }  # fmt: skip


def lens(_place, refraction, keep, set_background, _transparent):
    colour = _place.colour("background") if set_background and not keep else (0.0, 0.0, 0.0, 0.0)
    return {"refraction-index": refraction, "keep-surroundings": keep, "background-color": colour}


def exchange(_place, *parts):
    named = ("red-threshold", "green-threshold", "blue-threshold")
    return {
        "from-color": tuple(one / 255 for one in parts[:3]),
        "to-color": tuple(one / 255 for one in parts[3:6]),
        **{name: one / 255 for name, one in zip(named, parts[6:])},
    }


def alien(_place, rf, ra, gf, ga, bf, ba, model, rm, gm, bm):
    chosen: dict[str, Any] = {"color-model": model}
    for k, (frequency, angle, mode) in enumerate(((rf, ra, rm), (gf, ga, gm), (bf, ba, bm)), 1):
        chosen.update(
            {f"cpn-{k}-frequency": frequency, f"cpn-{k}-phaseshift": angle, f"cpn-{k}-keep": not mode}
        )
    return chosen


def propagate(place, mode, _channel, rate, directions, lower, upper):
    top, left, right, bottom = (bool(directions & bit) for bit in (1 << 3, 1 << 0, 1 << 2, 1 << 1))
    colour = place.colour("background" if mode == 5 else "foreground")
    kind = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 5, 7: 6}.get(mode, 0)
    return {
        "mode": kind, "lower-threshold": lower / 255, "upper-threshold": upper / 255, "rate": rate,
        "color": colour, "top": top, "left": left, "right": right, "bottom": bottom,
    }  # fmt: skip


def spreading(mode):
    return lambda _place, *_values: {"mode": mode, "rate": 1.0, "value": True, "alpha": False}


def mosaic(
    place,
    size,
    height,
    spacing,
    neatness,
    split,
    light,
    variation,
    antialias,
    averaging,
    kind,
    surface,
    grout,
):
    names = (
        "tile-size", "tile-height", "tile-spacing", "tile-neatness", "tile-allow-split", "light-dir",
        "color-variation", "antialiasing", "color-averaging", "tile-type", "tile-surface",
    )  # fmt: skip
    values = (size, height, spacing, neatness, split, light, variation, antialias, averaging, kind, surface)
    light_colour, joints = (
        (place.colour("foreground"), place.colour("background")) if grout else ((1, 1, 1), (0, 0, 0))
    )
    return {**dict(zip(names, values)), "light-color": light_colour, "joints-color": joints}


def lens_distortion(place, x, y, main, edge, zoom, brighten):
    return {
        "main": main, "edge": edge, "zoom": zoom, "x-shift": x, "y-shift": y, "brighten": brighten,
        "background": place.colour("background"),
    }  # fmt: skip


_SPOTS = {0: "circle", 1: "line", 2: "diamond", 3: "pssquare", 4: "diamond"}


def newsprint(
    _place,
    cell,
    space,
    pullout,
    black,
    black_spot,
    red,
    red_spot,
    green,
    green_spot,
    blue,
    blue_spot,
    samples,
):
    chosen: dict[str, Any] = {
        "color-model": {0: "black-on-white", 1: "rgb", 2: "cmyk", 3: "black-on-white"}.get(space, "rgb"),
        "black-pullout": pullout / 100.0,
        "aa-samples": max(1, samples),
    }
    # of RGB GEGL keeps blue where black is kept of CMYK
    last = (blue, blue_spot) if space == 1 else (black, black_spot)
    grids = (last, (red, red_spot), (green, green_spot), (blue, blue_spot))
    for key, (angle, spot) in zip(("", "2", "3", "4"), grids):
        turned = angle - 360 if angle > 180 else angle
        chosen |= {f"pattern{key}": _SPOTS.get(spot, "circle"), f"period{key}": cell, f"angle{key}": turned}
    return chosen
