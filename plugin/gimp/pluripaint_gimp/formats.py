"""From GIMP's encodings to what travels: depth, channels, and the formats to read and to write with.

Encoded values travel (``R'G'B'``), tagged with the ICC profile of the image's space or as sRGB, so linear images go
through GEGL's own curve both ways. 8 and 16 bit images with encoded values travel as they are; everything else as
32-bit float, which GEGL converts to and from half, double, 32-bit integer and linear storage.
"""

from __future__ import annotations

from dataclasses import dataclass

from pluripaint_client import rows

from .backend import Backend

_SEEN, _SEEN_ALPHA, _MASK = "R'G'B' u8", "R'G'B'A u8", "Y u8"
_BYTES = {"u8": 1, "u16": 2, "u32": 4, "half": 2, "float": 4, "double": 8}
_PLAIN = {"u8": "uint8", "u16": "uint16"}
_NUMBERS = {"uint8": "u8", "uint16": "u16", "float32": "float"}


@dataclass(frozen=True)
class Travel:
    """How the pixels of one layer travel.

    ``color`` and ``color_alpha`` are full GEGL formats in the layer's own space; ``depth`` and ``channels`` those of
    the wire; ``coverage`` the format for reading a selection at the same depth.
    """

    depth: str
    channels: int
    color: str
    color_alpha: str
    coverage: str
    icc: bytes | None

    @property
    def sample(self) -> int:
        """Bytes of one sample."""
        return rows.SAMPLE_BYTES[self.depth]


def travel(gimp: Backend, layer: int) -> Travel:
    """How the pixels of ``layer`` travel."""
    encoding = gimp.encoding(layer)
    model, number = encoding.rsplit(" ", 1)
    gray = model.startswith("Y")
    depth = _PLAIN.get(number, "float32") if "'" in model else "float32"
    color = "Y'" if gray else "R'G'B'"
    number = _NUMBERS[depth]
    return Travel(
        depth=depth,
        channels=1 if gray else 3,
        color=gimp.format(layer, f"{color} {number}"),
        color_alpha=gimp.format(layer, f"{color}A {number}"),
        coverage=f"Y {number}",
        icc=gimp.icc(layer),
    )


def conversions(gimp: Backend, layer: int, selection: int) -> list[tuple[str, str, int]]:
    """What a job on ``layer``, or on all that is visible, converts: formats from and to, bytes of one pixel.

    babl looks for the way from one format to another when it is first asked, and that takes it up to half a second.
    """
    way, encoding = travel(gimp, layer), gimp.encoding(layer)
    model, number = encoding.rsplit(" ", 1)
    with_alpha = f"{model.rstrip('A')}A {number}"
    layers = (encoding, gimp.format(layer, encoding)), (with_alpha, gimp.format(layer, with_alpha))
    traveller = (f"{'Y' if way.channels == 1 else 'RGB'}A {_NUMBERS[way.depth]}", way.color_alpha)
    pairs = [(own, to) for own in layers for to in (way.color_alpha, _SEEN)]
    pairs += [(traveller, _SEEN_ALPHA), (traveller, layers[1][1])]
    pairs += [((gimp.encoding(selection),) * 2, to) for to in (way.coverage, _MASK)]
    return [(own, to, _pixel_bytes(short)) for (short, own), to in pairs if own != to]


def _pixel_bytes(encoding: str) -> int:
    model, number = encoding.rsplit(" ", 1)
    return _BYTES[number] * sum(map(model.count, "RGBYA"))


def split_alpha(pixels: bytes, channels: int, depth: str) -> tuple[bytes, bytes]:
    """Colour rows and validity (255 where alpha is not 0) out of interleaved rows with alpha last."""
    parts = rows.planes(pixels, channels + 1, depth)
    return rows.interleaved(parts[:-1], depth), rows.samples_mask(parts[-1], depth)
