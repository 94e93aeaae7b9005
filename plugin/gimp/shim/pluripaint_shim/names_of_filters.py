"""2.10's filter procedures → GEGL operation and properties; see ``filters``."""

from __future__ import annotations

from typing import Any

_BLUR = 0.32  # a radius of the old blur is so many standard deviations


def _gauss(_place, horizontal, vertical, _method=0):
    return {"std-dev-x": horizontal * _BLUR, "std-dev-y": vertical * _BLUR}


def _gauss_one(_place, radius, horizontal, vertical):
    return {"std-dev-x": radius * _BLUR * bool(horizontal), "std-dev-y": radius * _BLUR * bool(vertical)}


def _bump_map(
    _place, bumpmap, azimuth, elevation, depth, xofs, yofs, waterlevel, ambient, compensate, invert, type
):
    return {
        "aux": bumpmap, "azimuth": azimuth, "elevation": elevation, "depth": depth, "offset-x": xofs,
        "offset-y": yofs, "waterlevel": waterlevel, "ambient": ambient, "compensate": compensate, "invert": invert,
        "type": type,
    }  # fmt: skip


def _noise(place, independent, *amounts):
    return _rgb_noise(place, independent, 0, *amounts)


def _rgb_noise(place, independent, correlated, n1, n2, n3, n4):
    red, green, blue, alpha = (n1, n2, n3, n4) if place.rgb else (n1, n1, n1, n2)
    return {
        "correlated": correlated, "independent": independent, "red": red, "green": green, "blue": blue,
        "alpha": alpha, "seed": place.seed(),
    }  # fmt: skip


def _displace(mode):
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


def _mixer(_place, monochrome, *gains):
    if monochrome:
        return {"operation": "gegl:mono-mixer", **dict(zip(("red", "green", "blue"), gains))}
    names = [f"{a}{b}-gain" for a in "rgb" for b in "rgb"]
    return dict(zip(names, gains))


def _convolution(_place, _count, matrix, alpha_weight, divisor, offset, _channels, channels, border):
    cells = [f"{row}{column}" for row in "abcde" for column in "12345"]
    red, green, blue, alpha = (bool(one) for one in channels[1:5])
    return {
        **dict(zip(cells, matrix)), "divisor": divisor, "offset": offset, "red": red, "green": green, "blue": blue,
        "alpha": alpha, "normalize": False, "alpha-weight": alpha_weight, "border": {1: 2, 2: 0}.get(border, 1),
    }  # fmt: skip


def _motion(_place, kind, length, angle, center_x, center_y, inward=False):
    if kind == 0:
        turned = angle - 360 if angle > 180 else angle
        return {"operation": "gegl:motion-blur-linear", "length": length, "angle": turned}
    center = {"center-x": center_x / _place.width, "center-y": center_y / _place.height}
    if kind == 1:
        return {"operation": "gegl:motion-blur-circular", "angle": angle, **center}
    factor = min(length / 256.0, 1.0)
    factor = -factor / (1.0 - factor) if inward and factor < 1 else factor
    return {"operation": "gegl:motion-blur-zoom", "factor": max(-10.0, factor), **center}


def _placed(place, **settings):
    """Operations that draw a picture need its place and size."""
    return {
        "x": place.x,
        "y": place.y,
        "width": place.selected_width,
        "height": place.selected_height,
        **settings,
    }


def _sized(place, **settings):
    return {"width": place.selected_width, "height": place.selected_height, **settings}


def _ripple(place, period, amplitude, orientation, edges, waveform, antialias, tile):
    return {
        "amplitude": amplitude, "period": period, "phi": place.seed() / 2**31 if False else 0.0,
        "angle": 0.0 if orientation else 90.0, "sampler-type": 2 if antialias else 0,
        "wave-type": 0 if waveform else 1, "abyss-policy": {0: 1, 1: 2}.get(edges, 0), "tileable": tile,
    }  # fmt: skip


def _lens(_place, refraction, keep, set_background, _transparent):
    colour = _place.colour("background") if set_background and not keep else (0.0, 0.0, 0.0, 0.0)
    return {"refraction-index": refraction, "keep-surroundings": keep, "background-color": colour}


def _exchange(_place, *parts):
    named = ("red-threshold", "green-threshold", "blue-threshold")
    return {
        "from-color": tuple(one / 255 for one in parts[:3]),
        "to-color": tuple(one / 255 for one in parts[3:6]),
        **{name: one / 255 for name, one in zip(named, parts[6:])},
    }


def _alien(_place, rf, ra, gf, ga, bf, ba, model, rm, gm, bm):
    chosen: dict[str, Any] = {"color-model": model}
    for k, (frequency, angle, mode) in enumerate(((rf, ra, rm), (gf, ga, gm), (bf, ba, bm)), 1):
        chosen.update(
            {f"cpn-{k}-frequency": frequency, f"cpn-{k}-phaseshift": angle, f"cpn-{k}-keep": not mode}
        )
    return chosen


def _propagate(place, mode, _channel, rate, directions, lower, upper):
    top, left, right, bottom = (bool(directions & bit) for bit in (1 << 3, 1 << 0, 1 << 2, 1 << 1))
    colour = place.colour("background" if mode == 5 else "foreground")
    kind = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 5, 7: 6}.get(mode, 0)
    return {
        "mode": kind, "lower-threshold": lower / 255, "upper-threshold": upper / 255, "rate": rate,
        "color": colour, "top": top, "left": left, "right": right, "bottom": bottom,
    }  # fmt: skip


def _spreading(mode):
    return lambda _place, *_values: {"mode": mode, "rate": 1.0, "value": True, "alpha": False}


def _mosaic(
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


def _lens_distortion(place, x, y, main, edge, zoom, brighten):
    return {
        "main": main, "edge": edge, "zoom": zoom, "x-shift": x, "y-shift": y, "brighten": brighten,
        "background": place.colour("background"),
    }  # fmt: skip


_SPOTS = {0: "circle", 1: "line", 2: "diamond", 3: "pssquare", 4: "diamond"}


def _newsprint(
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


FILTERS: dict[str, tuple[str, Any]] = {
    "plug-in-alienmap2": ("gegl:alien-map", _alien),
    "plug-in-antialias": ("gegl:antialias", None),
    "plug-in-apply-canvas": ("gegl:texturize-canvas", ("direction", "depth")),
    "plug-in-applylens": ("gegl:apply-lens", _lens),
    "plug-in-autostretch-hsv": ("gegl:stretch-contrast-hsv", None),
    "plug-in-bump-map": ("gegl:bump-map", _bump_map),
    "plug-in-c-astretch": ("gegl:stretch-contrast", lambda _p: {"keep-colors": False}),
    "plug-in-colors-channel-mixer": ("gegl:channel-mixer", _mixer),
    "plug-in-colortoalpha": ("gegl:color-to-alpha", ("color",)),
    "plug-in-convmatrix": ("gegl:convolution-matrix", _convolution),
    "plug-in-cubism": (
        "gegl:cubism",
        lambda p, size, saturation, bg: {
            "tile-size": size,
            "tile-saturation": saturation,
            "bg-color": (*p.colour("background")[:3], 1.0) if bg else (0.0, 0.0, 0.0, 0.0),
        },
    ),
    "plug-in-deinterlace": (
        "gegl:deinterlace",
        lambda _p, even: {"keep": 0 if even else 1, "orientation": 0},
    ),
    "plug-in-diffraction": (
        "gegl:diffraction-patterns",
        lambda p, *v: _sized(
            p,
            **dict(
                zip(
                    (
                        "red-frequency",
                        "green-frequency",
                        "blue-frequency",
                        "red-contours",
                        "green-contours",
                        "blue-contours",
                        "red-sedges",
                        "green-sedges",
                        "blue-sedges",
                        "brightness",
                        "scattering",
                        "polarization",
                    ),
                    v,
                )
            ),
        ),
    ),
    "plug-in-dilate": ("gegl:value-propagate", _spreading(0)),
    "plug-in-erode": ("gegl:value-propagate", _spreading(1)),
    "plug-in-displace": ("gegl:displace", _displace(0)),
    "plug-in-displace-polar": ("gegl:displace", _displace(1)),
    "plug-in-edge": (
        "gegl:edge",
        lambda _p, amount, wrap, mode: {
            "algorithm": mode,
            "amount": amount,
            "border-behavior": {1: 2, 2: 1}.get(wrap, 0) if wrap else 1,
        },
    ),
    "plug-in-engrave": ("gegl:engrave", ("row-height", "limit")),
    "plug-in-exchange": ("gegl:color-exchange", _exchange),
    "plug-in-flarefx": (
        "gegl:lens-flare",
        lambda p, x, y: {"pos-x": x / max(1, p.width), "pos-y": y / max(1, p.height)},
    ),
    "plug-in-fractal-trace": (
        "gegl:fractal-trace",
        lambda _p, xmin, xmax, ymin, ymax, depth, outside: {
            "X1": xmin,
            "X2": xmax,
            "Y1": ymin,
            "Y2": ymax,
            "depth": depth,
            "abyss-policy": {0: 2, 1: 0, 2: 3, 3: 4}.get(outside, 0),
        },
    ),
    "plug-in-gauss": ("gegl:gaussian-blur", _gauss),
    "plug-in-gauss-iir": ("gegl:gaussian-blur", _gauss_one),
    "plug-in-gauss-iir2": ("gegl:gaussian-blur", _gauss),
    "plug-in-gauss-rle": ("gegl:gaussian-blur", _gauss_one),
    "plug-in-gauss-rle2": ("gegl:gaussian-blur", _gauss),
    "plug-in-glasstile": ("gegl:tile-glass", ("tile-width", "tile-height")),
    "plug-in-hsv-noise": (
        "gegl:noise-hsv",
        lambda p, hold, hue, saturation, value: {
            "holdness": hold,
            "hue-distance": hue,
            "saturation-distance": saturation / 255,
            "value-distance": value / 255,
            "seed": p.seed(),
        },
    ),
    "plug-in-illusion": ("gegl:illusion", ("division", "illusion-type")),
    "plug-in-laplace": ("gegl:edge-laplace", None),
    "plug-in-lens-distortion": ("gegl:lens-distortion", _lens_distortion),
    "plug-in-make-seamless": ("gegl:tile-seamless", None),
    "plug-in-maze": (
        "gegl:maze",
        lambda p, width, height, tileable, algorithm, seed, _multiple, _offset: {
            "x": width,
            "y": height,
            "algorithm-type": algorithm,
            "tileable": tileable,
            "seed": seed,
            "fg-color": p.colour("foreground"),
            "bg-color": p.colour("background"),
        },
    ),
    "plug-in-mblur": ("gegl:motion-blur-linear", _motion),
    "plug-in-mblur-inward": ("gegl:motion-blur-linear", lambda p, *v: _motion(p, *v, inward=True)),
    "plug-in-median-blur": ("gegl:median-blur", ("radius", "percentile")),
    "plug-in-mosaic": ("gegl:mosaic", _mosaic),
    "plug-in-neon": ("gegl:edge-neon", ("radius", "amount")),
    "plug-in-normalize": ("gegl:stretch-contrast", lambda _p: {"keep-colors": True, "perceptual": True}),
    "plug-in-nova": (
        "gegl:supernova",
        lambda p, x, y, color, radius, spokes, hue: {
            "center-x": x / p.width,
            "center-y": y / p.height,
            "radius": radius,
            "spokes-count": spokes,
            "random-hue": hue,
            "color": color,
            "seed": p.seed(),
        },
    ),
    "plug-in-oilify": (
        "gegl:oilify",
        lambda _p, size, mode: {"mask-radius": max(1, size // 2), "use-inten": bool(mode)},
    ),
    "plug-in-oilify-enhanced": (
        "gegl:oilify",
        lambda _p, mode, size, _size_map, exponent, _exponent_map: {
            "mask-radius": max(1, size // 2),
            "use-inten": bool(mode),
            "exponent": exponent,
        },
    ),
    "plug-in-papertile": (
        "gegl:tile-paper",
        lambda p, size, move, fraction, wrap, centering, kind, color, _alpha: {
            "tile-width": size,
            "tile-height": size,
            "move-rate": move,
            "fractional-type": fraction,
            "wrap-around": wrap,
            "centering": centering,
            "background-type": min(kind, 3),
            "bg-color": p.colour("foreground")
            if kind == 3
            else p.colour("background")
            if kind == 4
            else color,
        },
    ),
    "plug-in-pixelize": ("gegl:pixelize", lambda _p, size: {"size-x": size, "size-y": size}),
    "plug-in-pixelize2": ("gegl:pixelize", ("size-x", "size-y")),
    "plug-in-plasma": (
        "gegl:plasma",
        lambda p, seed, turbulence: _placed(p, seed=seed, turbulence=turbulence),
    ),
    "plug-in-polar-coords": ("gegl:polar-coordinates", ("depth", "angle", "bw", "top", "polar")),
    "plug-in-red-eye-removal": (
        "gegl:red-eye-removal",
        lambda _p, threshold: {"threshold": (threshold - 50) / 50.0 * 0.2 + 0.4},
    ),
    "plug-in-rgb-noise": ("gegl:noise-rgb", _rgb_noise),
    "plug-in-noisify": ("gegl:noise-rgb", _noise),
    "plug-in-ripple": ("gegl:ripple", _ripple),
    "plug-in-sel-gauss": (
        "gegl:gaussian-blur-selective",
        lambda _p, radius, delta: {"blur-radius": radius, "max-delta": delta / 255.0},
    ),
    "plug-in-semiflatten": ("gimp:semi-flatten", lambda p: {"color": p.colour("background")}),
    "plug-in-shift": (
        "gegl:shift",
        lambda p, amount, orientation: {
            "shift": amount // 2,
            "direction": 0 if orientation else 1,
            "seed": p.seed(),
        },
    ),
    "plug-in-sinus": (
        "gegl:sinus",
        lambda p, xs, ys, complexity, seed, tiling, perturb, colors, c1, c2, a1, a2, blend, power: _sized(
            p,
            **{
                "x-scale": xs,
                "y-scale": ys,
                "complexity": complexity,
                "seed": seed,
                "tiling": tiling,
                "perturbation": perturb,
                "blend-mode": blend,
                "blend-power": power,
                "color1": (0, 0, 0, a1)
                if colors == 0
                else (*(p.colour("foreground") if colors == 1 else c1)[:3], a1),
                "color2": (1, 1, 1, a2)
                if colors == 0
                else (*(p.colour("background") if colors == 1 else c2)[:3], a2),
            },
        ),
    ),
    "plug-in-sobel": ("gegl:edge-sobel", ("horizontal", "vertical", "keep-sign")),
    "plug-in-solid-noise": (
        "gegl:noise-solid",
        lambda p, tileable, turbulent, seed, detail, xsize, ysize: _sized(
            p,
            **{
                "tileable": tileable,
                "turbulent": turbulent,
                "seed": seed,
                "detail": detail,
                "x-size": xsize,
                "y-size": ysize,
            },
        ),
    ),
    "plug-in-spread": (
        "gegl:noise-spread",
        lambda p, x, y: {"amount-x": int(x), "amount-y": int(y), "seed": p.seed()},
    ),
    "plug-in-threshold-alpha": ("gimp:threshold-alpha", lambda _p, threshold: {"value": threshold / 255.0}),
    "plug-in-unsharp-mask": (
        "gegl:unsharp-mask",
        lambda _p, radius, amount, threshold: {
            "std-dev": radius,
            "scale": amount,
            "threshold": threshold / 255.0,
        },
    ),
    "plug-in-video": ("gegl:video-degradation", ("pattern", "additive", "rotated")),
    "plug-in-vinvert": ("gegl:value-invert", None),
    "plug-in-vpropagate": ("gegl:value-propagate", _propagate),
    "plug-in-waves": (
        "gegl:waves",
        lambda p, amplitude, phase, length, kind, _reflective: {
            "amplitude": amplitude,
            "phi": (phase - 180.0) / 180.0,
            "period": length * 2.0,
            "aspect": min(max(p.width / p.height, 0.1), 10.0),
            "clamp": not kind,
        },
    ),
    "plug-in-whirl-pinch": ("gegl:whirl-pinch", ("whirl", "pinch", "radius")),
    "plug-in-wind": ("gegl:wind", ("threshold", "direction", "strength", "style", "edge")),
    # programs of their own in 2.10
    "plug-in-blur": ("gegl:gaussian-blur", lambda _p: {"std-dev-x": 0.75, "std-dev-y": 0.75}),
    "plug-in-cartoon": ("gegl:cartoon", ("mask-radius", "pct-black")),
    "plug-in-color-enhance": ("gegl:color-enhance", None),
    "plug-in-emboss": (
        "gegl:emboss",
        lambda _p, azimuth, elevation, depth, emboss: {
            "type": 0 if emboss else 1,
            "azimuth": azimuth,
            "elevation": elevation,
            "depth": depth,
        },
    ),
    "plug-in-newsprint": ("gegl:newsprint", _newsprint),
    "plug-in-photocopy": ("gegl:photocopy", ("mask-radius", "sharpness", "black", "white")),
    "plug-in-sharpen": ("gegl:unsharp-mask", lambda _p, percent: {"std-dev": 1.0, "scale": percent / 50.0}),
    "plug-in-softglow": ("gegl:softglow", ("glow-radius", "brightness", "sharpness")),
}
for _kind in ("hurl", "pick", "slur"):
    FILTERS[f"plug-in-randomize-{_kind}"] = (
        f"gegl:noise-{_kind}",
        lambda p, percent, repeat, randomize, seed: {
            "pct-random": percent,
            "repeat": int(repeat),
            "seed": p.seed() if randomize else seed,
        },
    )
