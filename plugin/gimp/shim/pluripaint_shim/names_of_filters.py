"""2.10's filter procedures → GEGL operation and properties; see ``filters``."""

from __future__ import annotations

from typing import Any

from . import filter_settings as settings

FILTERS: dict[str, tuple[str, Any]] = {
    "plug-in-alienmap2": ("gegl:alien-map", settings.alien),
    "plug-in-antialias": ("gegl:antialias", None),
    "plug-in-apply-canvas": ("gegl:texturize-canvas", ("direction", "depth")),
    "plug-in-applylens": ("gegl:apply-lens", settings.lens),
    "plug-in-autostretch-hsv": ("gegl:stretch-contrast-hsv", None),
    "plug-in-bump-map": ("gegl:bump-map", settings.bump_map),
    "plug-in-c-astretch": ("gegl:stretch-contrast", lambda _p: {"keep-colors": False}),
    "plug-in-colors-channel-mixer": ("gegl:channel-mixer", settings.mixer),
    "plug-in-colortoalpha": ("gegl:color-to-alpha", ("color",)),
    "plug-in-convmatrix": ("gegl:convolution-matrix", settings.convolution),
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
        lambda p, *v: settings.sized(
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
    "plug-in-dilate": ("gegl:value-propagate", settings.spreading(0)),
    "plug-in-erode": ("gegl:value-propagate", settings.spreading(1)),
    "plug-in-displace": ("gegl:displace", settings.displace(0)),
    "plug-in-displace-polar": ("gegl:displace", settings.displace(1)),
    "plug-in-edge": (
        "gegl:edge",
        lambda _p, amount, wrap, mode: {
            "algorithm": mode,
            "amount": amount,
            "border-behavior": {1: 2, 2: 1}.get(wrap, 0) if wrap else 1,
        },
    ),
    "plug-in-engrave": ("gegl:engrave", ("row-height", "limit")),
    "plug-in-exchange": ("gegl:color-exchange", settings.exchange),
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
    "plug-in-gauss": ("gegl:gaussian-blur", settings.gauss),
    "plug-in-gauss-iir": ("gegl:gaussian-blur", settings.gauss_one),
    "plug-in-gauss-iir2": ("gegl:gaussian-blur", settings.gauss),
    "plug-in-gauss-rle": ("gegl:gaussian-blur", settings.gauss_one),
    "plug-in-gauss-rle2": ("gegl:gaussian-blur", settings.gauss),
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
    "plug-in-lens-distortion": ("gegl:lens-distortion", settings.lens_distortion),
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
    "plug-in-mblur": ("gegl:motion-blur-linear", settings.motion),
    "plug-in-mblur-inward": ("gegl:motion-blur-linear", lambda p, *v: settings.motion(p, *v, inward=True)),
    "plug-in-median-blur": ("gegl:median-blur", ("radius", "percentile")),
    "plug-in-mosaic": ("gegl:mosaic", settings.mosaic),
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
        lambda p, seed, turbulence: settings.placed(p, seed=seed, turbulence=turbulence),
    ),
    "plug-in-polar-coords": ("gegl:polar-coordinates", ("depth", "angle", "bw", "top", "polar")),
    "plug-in-red-eye-removal": (
        "gegl:red-eye-removal",
        lambda _p, threshold: {"threshold": (threshold - 50) / 50.0 * 0.2 + 0.4},
    ),
    "plug-in-rgb-noise": ("gegl:noise-rgb", settings.rgb_noise),
    "plug-in-noisify": ("gegl:noise-rgb", settings.noise),
    "plug-in-ripple": ("gegl:ripple", settings.ripple),
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
        lambda p, xs, ys, complexity, seed, tiling, perturb, colors, c1, c2, a1, a2, blend, power: (
            settings.sized(
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
            )
        ),
    ),
    "plug-in-sobel": ("gegl:edge-sobel", ("horizontal", "vertical", "keep-sign")),
    "plug-in-solid-noise": (
        "gegl:noise-solid",
        lambda p, tileable, turbulent, seed, detail, xsize, ysize: settings.sized(
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
    "plug-in-vpropagate": ("gegl:value-propagate", settings.propagate),
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
    "plug-in-newsprint": ("gegl:newsprint", settings.newsprint),
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
