"""Files and arrays: depth, profile, orientation and every untouched bit survive."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from pluripaint.imaging import (
    ImageError,
    Photo,
    Squeeze,
    composite,
    encode_png,
    from_srgb,
    read_mask,
    read_photo,
    to_srgb,
    write_photo,
)

DEPTHS = [np.uint8, np.uint16, np.float32]
CHANNELS = [1, 2, 3, 4]
ADOBE = bytes(imagecodecs.cms_profile("adobergb"))


def _random(dtype: type, channels: int, shape: tuple[int, int] = (20, 24), seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    if dtype == np.float32:
        return generator.normal(0.5, 1.0, (*shape, channels)).astype(np.float32)
    return generator.integers(0, np.iinfo(dtype).max + 1, (*shape, channels)).astype(dtype)


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("channels", CHANNELS)
def test_a_written_photo_reads_back_bit_for_bit_with_profile_and_exif(
    dtype, channels, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2026:01:02 03:04:05"
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    photo = Photo(_random(dtype, channels), icc=ADOBE if channels >= 3 else None, exif=block)
    path = tmp_path / ("photo.tif" if dtype == np.float32 else "photo.png")
    write_photo(path, photo)
    back = read_photo(path)
    assert back.pixels.dtype == dtype and np.array_equal(back.pixels, photo.pixels)
    assert back.icc == photo.icc
    assert back.exif is not None
    kept = Image.Exif()
    kept.load(back.exif)
    assert kept.get_ifd(0x8769)[0x9003] == "2026:01:02 03:04:05"
    assert kept[0x010F] == "Maker"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_tiff_of_any_depth_and_layout_is_read_whole(dtype, planar, tmp_path: Path) -> None:
    pixels = _random(dtype, 3)
    stored = np.moveaxis(pixels, -1, 0) if planar == "separate" else pixels
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, byteorder=">")
    assert np.array_equal(read_photo(tmp_path / "a.tif").pixels, pixels)


def _packed_tiff(values: np.ndarray, bits: int, photometric: int) -> bytes:
    """A TIFF file of ``[H, W, C]`` samples of any number of bits, rows packed; tifffile writes whole bytes only."""
    height, width, channels = values.shape
    rows = (values.reshape(height, -1, 1) >> np.arange(bits - 1, -1, -1)) & 1
    data = np.packbits(rows.reshape(height, -1).astype(np.uint8), axis=1).tobytes()
    start = 8 + 2 + 9 * 12 + 4
    entries = [
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, channels, bits if channels == 1 else start),
        (259, 3, 1, 1), (262, 3, 1, photometric), (273, 4, 1, start + 2 * channels), (277, 3, 1, channels),
        (278, 3, 1, height), (279, 4, 1, len(data)),
    ]  # fmt: skip
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    depths = struct.pack(f"<{channels}H", *[bits] * channels)
    return struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + directory + bytes(4) + depths + data


@pytest.mark.parametrize("bits", [2, 4, 6, 10, 12, 14])
@pytest.mark.parametrize(("photometric", "channels"), [(0, 1), (1, 1), (2, 3)])
def test_tiff_of_odd_depths_is_read_from_black_to_white(bits, photometric, channels, tmp_path: Path) -> None:
    most = 2**bits - 1
    values = np.random.default_rng(0).integers(0, most + 1, (20, 24, channels))
    values[0, 0], values[0, 1] = 0, most
    (tmp_path / "a.tif").write_bytes(_packed_tiff(values, bits, photometric))
    dtype = np.uint8 if bits < 8 else np.uint16
    shown = (most - values if photometric == 0 else values) / most
    photo = read_photo(tmp_path / "a.tif")
    assert photo.pixels.dtype == dtype
    assert np.array_equal(photo.pixels, np.rint(shown * np.iinfo(dtype).max))
    assert np.abs(read_mask(tmp_path / "a.tif") - shown.max(axis=2) * 255).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photo_and_mask_come_in_displayed_orientation(orientation: int, tmp_path: Path) -> None:
    pixels = _random(np.uint8, 3, (6, 9))
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    Image.fromarray(pixels).save(tmp_path / "a.webp", exif=exif, lossless=True)
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, photometric="rgb", extratags=[(274, "H", 1, orientation, False)]
    )
    for name in ("a.png", "a.webp", "a.tif"):
        with Image.open(tmp_path / name) as image:
            from PIL import ImageOps

            expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        photo = read_photo(tmp_path / name)
        assert np.array_equal(photo.pixels, expected), name
        assert np.array_equal(read_mask(tmp_path / name), expected.max(axis=2)), name
    reread = Image.Exif()
    reread.load(read_photo(tmp_path / "a.png").exif)
    assert reread[0x0112] == 1


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize(
    ("unit", "stored", "shown"),
    [
        ("inch", (300, 300), (300, 300)),
        ("inch", (72.5, 100), (72.5, 100)),
        ("centimeter", (100, 50), (254, 127)),
    ],
)
def test_a_tiffs_resolution_goes_into_what_is_written(dtype, unit, stored, shown, tmp_path: Path) -> None:
    for premultiplied in (False, True):
        extra = {"extrasamples": ["assocalpha" if premultiplied else "unassalpha"]}
        tifffile.imwrite(
            tmp_path / "a.tif", np.ones((5, 6, 4), dtype), photometric="rgb", resolution=stored,
            resolutionunit=unit, **extra,
        )  # fmt: skip
        photo = read_photo(tmp_path / "a.tif")
        written = tmp_path / ("b.tif" if premultiplied or dtype == np.float32 else "b.png")
        write_photo(written, photo)
        if written.suffix == ".png" or dtype == np.uint8:
            with Image.open(written) as image:
                assert image.info["dpi"] == pytest.approx(shown, abs=0.02)
        again = read_photo(written)
        assert again.chunks == photo.chunks and again.chunks
        if written.suffix == ".tif" and stored == (300, 300):
            tags = tifffile.TiffFile(written).pages[0].tags
            assert [tags.valueof(code) for code in (282, 283, 296)] == [(300, 1), (300, 1), 2]


def test_a_resolution_turns_with_its_photo_and_one_that_says_nothing_is_left_out(tmp_path: Path) -> None:
    turned = [(274, "H", 1, 6, False)]
    pixels = np.zeros((5, 6, 3), np.uint8)
    path = tmp_path / "a.tif"
    for unit, stored, expected in (
        ("inch", (254, 127), (5000, 10000, 1)),
        ("none", (2, 1), (1, 2, 0)),
        ("none", (1, 1), None),
        ("inch", (77, 77), None),
    ):
        tifffile.imwrite(
            path, pixels, photometric="rgb", resolution=stored, resolutionunit=unit, extratags=turned
        )
        if stored == (77, 77):
            nothing = path.read_bytes().replace(struct.pack("<II", 77, 1), bytes(8))
            path.write_bytes(nothing)
        found = dict(read_photo(path).chunks).get(b"pHYs")
        assert (found and struct.unpack(">IIB", found)) == expected, stored
    Image.fromarray(pixels[..., 0] > 0).save(tmp_path / "plain.tif")
    assert read_photo(tmp_path / "plain.tif").chunks == ()


def test_palette_one_bit_and_key_colour_pngs_are_read_as_what_they_show(tmp_path: Path) -> None:
    source = Image.fromarray(_random(np.uint8, 3)).quantize(16)
    source.save(tmp_path / "p.png")
    assert np.array_equal(read_photo(tmp_path / "p.png").pixels, np.asarray(source.convert("RGB")))
    bits = _random(np.uint8, 1)[..., 0] > 127
    Image.fromarray(bits).save(tmp_path / "b.png")
    assert np.array_equal(read_photo(tmp_path / "b.png").pixels[..., 0], bits * np.uint8(255))
    Image.fromarray(_random(np.uint8, 3)).save(tmp_path / "k.png", transparency=(1, 2, 3))
    assert read_photo(tmp_path / "k.png").pixels.shape[2] == 4


def test_a_phone_jpeg_with_a_second_picture_inside_is_no_animation(tmp_path: Path) -> None:
    first, second = (Image.fromarray(_random(np.uint8, 3, seed=seed)) for seed in (1, 2))
    first.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[second])
    assert read_photo(tmp_path / "a.jpg").pixels.shape == (20, 24, 3)


def test_mask_by_alpha_or_white_or_what_was_erased(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[2:4, 2:4, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    erased = read_mask(tmp_path / "photo.png", tmp_path / "photo.png")
    assert erased.sum() == 4 * 255 and (erased[2:4, 2:4] == 255).all()
    opaque = read_mask(tmp_path / "photo.png", tmp_path / "other.png")
    assert np.array_equal(opaque, 255 - erased)
    pixels[1, 2:4, 3], pixels[4, 2:4, 3] = 128, 254  # an eraser's soft rim belongs to what was erased
    Image.fromarray(pixels).save(tmp_path / "soft.png")
    erased = read_mask(tmp_path / "soft.png", tmp_path / "soft.png")
    assert np.array_equal(erased, np.where(pixels[..., 3] == 255, 0, 255))
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "plain.png")
    with pytest.raises(ImageError, match="no transparency"):
        read_mask(tmp_path / "plain.png", tmp_path / "plain.png")


def _bad_files(folder: Path) -> dict[str, str]:
    """name → a word the sentence has to hold."""
    (folder / "text.png").write_text("no picture")
    (folder / "empty.png").write_bytes(b"")
    (folder / "folder.png").mkdir()
    rgb = Image.fromarray(_random(np.uint8, 3, (64, 64)))
    for name, kind in (("cut.png", "PNG"), ("cut.jpg", "JPEG"), ("cut.webp", "WEBP"), ("cut.tif", "TIFF")):
        buffer = io.BytesIO()
        rgb.save(buffer, kind)
        (folder / name).write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    rgb.convert("CMYK").save(folder / "cmyk.jpg")
    tifffile.imwrite(folder / "cmyk.tif", _random(np.uint8, 4), photometric="separated")
    rgb.save(folder / "moving.webp", save_all=True, append_images=[rgb.rotate(90)])
    rgb.save(folder / "moving.png", save_all=True, append_images=[rgb.rotate(90)])
    tifffile.imwrite(folder / "pages.tif", np.stack([_random(np.uint8, 3)] * 2), photometric="rgb")
    tifffile.imwrite(folder / "double.tif", np.zeros((4, 4), np.float64))
    (folder / "deep.tif").write_bytes(_packed_tiff(np.zeros((4, 4, 1), np.int64), 24, 1))
    header = bytearray(encode_png(Photo(_random(np.uint8, 3))))
    header[16:24] = (100_000).to_bytes(4, "big") * 2
    (folder / "huge.png").write_bytes(header)
    return {
        "missing.png": "no file", "text.png": "not a PNG", "empty.png": "not a PNG", "folder.png": "folder",
        "cut.png": "cut short", "cut.jpg": "cut short", "cut.webp": "cut short", "cut.tif": "cut short",
        "cmyk.jpg": "CMYK", "cmyk.tif": "CMYK", "moving.webp": "animation", "moving.png": "animation",
        "pages.tif": "pages", "double.tif": "float64", "deep.tif": "24 bits", "huge.png": "million",
    }  # fmt: skip


def test_every_unusable_file_gets_one_sentence(tmp_path: Path) -> None:
    for name, word in _bad_files(tmp_path).items():
        with pytest.raises(ImageError) as caught:
            read_photo(tmp_path / name)
        sentence = str(caught.value)
        assert word in sentence, (name, sentence)
        assert "\n" not in sentence and sentence.endswith("."), sentence


# ------------------------------------------------------------------------------------------------ colour


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("space", ["srgb", "linear", "icc"])
def test_colours_go_to_the_model_and_come_back(dtype, channels, space) -> None:
    if space == "icc":
        space = ADOBE if channels == 3 else bytes(imagecodecs.cms_profile("gray", gamma=2.2))
    pixels = _random(dtype, channels)
    if dtype == np.float32:
        pixels = pixels.clip(
            -1 if space in ("srgb", "linear") else 0, 8 if space in ("srgb", "linear") else 1
        )
    image = to_srgb(pixels, space)
    assert image.shape == (20, 24, 3) and image.dtype == np.float32
    squeeze = Squeeze.around(image)
    seen = squeeze.forward(image)
    assert seen.min() >= 0 and seen.max() <= 1
    back = from_srgb(squeeze.inverse(seen), space, pixels)
    assert back.dtype == dtype and back.shape == pixels.shape
    # littleCMS inverts tone curves by table: near black, where they are steep, that costs up to a thousandth.
    tolerance = {np.uint8: 1, np.uint16: 80, np.float32: 1.2e-3}[dtype]
    assert np.abs(back.astype(np.float64) - pixels).max() <= tolerance


@given(st.floats(-50, -1e-3), st.floats(1.001, 500))
def test_the_squeeze_is_monotone_and_invertible_and_leaves_the_middle_alone(low: float, high: float) -> None:
    squeeze = Squeeze(low, high)
    values = np.linspace(low, high, 4001, dtype=np.float32)
    seen = squeeze.forward(values)
    assert seen.min() == pytest.approx(0, abs=1e-6) and seen.max() == pytest.approx(1, abs=1e-6)
    assert (np.diff(seen) >= 0).all()
    assert np.allclose(squeeze.inverse(seen), values, atol=2e-4 * (high - low))
    middle = np.linspace(0.1, 0.79, 50, dtype=np.float32)
    assert np.array_equal(squeeze.forward(middle), middle)


# ------------------------------------------------------------------------------------------------ compositing


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(DEPTHS),
    st.sampled_from(CHANNELS),
    st.booleans(),
    arrays.arrays(np.uint8, (9, 7), elements=st.sampled_from([0, 0, 0, 1, 128, 254, 255])),
    st.integers(0, 1000),
)
def test_nothing_outside_the_selection_changes_and_inside_is_the_fill(
    dtype, channels, premultiplied, selection, seed
) -> None:
    pixels = _random(dtype, channels, (9, 7), seed)
    if dtype == np.float32 and channels in (2, 4):
        pixels[..., -1] = pixels[..., -1].clip(0, 1)
    colours = 1 if channels <= 2 else 3
    fill = _random(dtype, colours, (9, 7), seed + 1)
    premultiplied = premultiplied and channels in (2, 4)
    out = composite(pixels, fill, selection, premultiplied)
    outside, firm = selection == 0, selection == 255
    assert out[outside].tobytes() == pixels[outside].tobytes()
    assert np.allclose(out[firm][:, :colours], fill[firm], atol=0)
    if channels in (2, 4):
        top = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
        expected = np.maximum(pixels[..., -1].astype(np.float64), selection / 255 * top)
        assert np.abs(out[..., -1] - expected).max() <= (1e-6 if dtype == np.float32 else 0.5)


def test_a_soft_edge_over_nothing_shows_the_fill_alone() -> None:
    pixels = np.zeros((1, 1, 4), np.uint8)
    pixels[..., :3] = 77
    out = composite(pixels, np.full((1, 1, 3), 200, np.uint8), np.full((1, 1), 128, np.uint8))
    assert out[0, 0].tolist() == [200, 200, 200, 128]
    hidden = np.array([[[np.nan, np.inf, 9, 0]]], np.float32)
    out = composite(hidden, np.full((1, 1, 3), 0.5, np.float32), np.full((1, 1), 51, np.uint8))
    assert out[0, 0].tolist() == pytest.approx([0.5, 0.5, 0.5, 0.2])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_premultiplied_colours_never_become_a_png(dtype, tmp_path: Path) -> None:
    top = np.iinfo(dtype).max
    pixels = np.full((4, 4, 4), top, dtype)
    pixels[1] = (top // 5, top // 5, 0, top // 5)  # bright yellow, a fifth opaque
    photo = Photo(pixels, premultiplied=True)
    shown = imagecodecs.png_decode(encode_png(photo))
    assert shown[1, 0].tolist() == [top, top, 0, top // 5]
    write_photo(tmp_path / "a.tif", photo)
    back = read_photo(tmp_path / "a.tif")
    assert back.premultiplied and back.pixels.dtype == dtype and np.array_equal(back.pixels, pixels)
