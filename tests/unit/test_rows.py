"""Raw rows: what goes apart comes together, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluripaint_client import rows
from pluripaint_client.geometry import Region

NUMPY = {"uint8": "<u1", "uint16": "<u2", "float16": "<f2", "float32": "<f4"}
depths = st.sampled_from(sorted(NUMPY))


@st.composite
def pixels(draw, channels):
    """Random bit patterns, so that NaN, minus zero and denormals are among the floats."""
    depth, count = draw(depths), draw(st.integers(1, 40))
    data = draw(st.binary(min_size=count * channels * rows.SAMPLE_BYTES[depth],
                          max_size=count * channels * rows.SAMPLE_BYTES[depth]))  # fmt: skip
    return depth, data


@given(pixels(4))
def test_bgra_becomes_rgba_and_comes_back_bit_for_bit(case):
    depth, data = case
    swapped = rows.reordered(data, 4, (2, 1, 0, 3), depth)
    lanes = np.frombuffer(data, f"<u{rows.SAMPLE_BYTES[depth]}").reshape(-1, 4)
    assert swapped == lanes[:, [2, 1, 0, 3]].tobytes()
    assert rows.reordered(swapped, 4, (2, 1, 0, 3), depth) == data


@given(pixels(2))
def test_gray_spreads_over_three_channels_and_alpha_stays(case):
    depth, data = case
    lanes = np.frombuffer(data, f"<u{rows.SAMPLE_BYTES[depth]}").reshape(-1, 2)
    assert rows.reordered(data, 2, (0, 0, 0, 1), depth) == lanes[:, [0, 0, 0, 1]].tobytes()


@given(pixels(4))
def test_colour_and_alpha_apart_and_together_are_the_same_pixels(case):
    depth, data = case
    colour = rows.reordered(data, 4, (0, 1, 2), depth)
    alpha = rows.planes(data, 4, depth)[3]
    assert rows.with_alpha(colour, 3, alpha, depth) == data
    zeros = bytes(len(alpha))
    assert rows.with_alpha_replaced(rows.with_alpha(colour, 3, zeros, depth), 4, alpha, depth) == data


@pytest.mark.parametrize("depth", sorted(NUMPY))
def test_every_mask_value_survives_as_alpha_of_every_depth(depth):
    mask = bytes(range(256))
    samples = rows.mask_to_samples(mask, depth)
    values = np.frombuffer(samples, NUMPY[depth]).astype(float)
    full = {"uint8": 255, "uint16": 65535}.get(depth, 1.0)
    assert values[0] == 0 and values[255] == full
    np.testing.assert_allclose(values / full, np.arange(256) / 255, atol=3e-4)
    assert rows.samples_to_mask(samples, depth) == mask


@pytest.mark.parametrize("depth", ["float16", "float32"])
def test_a_mask_is_the_same_whether_it_is_looked_at_in_stretches_or_sample_by_sample(depth):
    values = np.ones(10_001, NUMPY[depth])
    values[3_000:7_000] = 0
    values[[5, 2_047, 2_048, 6_500, 9_999]] = [0.5, 0.25, np.nan, -0.0, 2.0]
    expected = np.where(values > 0, np.minimum(values, 1).astype("<f4") * 255 + 0.5, 0).astype("u1")
    assert rows.samples_to_mask(values.tobytes(), depth) == expected.tobytes()


@given(st.binary(min_size=2, max_size=80).filter(lambda b: len(b) % 2 == 0))
def test_halves_become_the_same_floats(data):
    ours = np.frombuffer(rows.half_to_float(data), "<f4")
    theirs = np.frombuffer(data, "<f2").astype("<f4")
    np.testing.assert_array_equal(ours, theirs)


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=30))
def test_floats_become_the_nearest_half_and_never_infinite(values):
    floats = np.array(values, "<f4")
    ours = np.frombuffer(rows.float_to_half(floats.tobytes()), "<f2")
    np.testing.assert_array_equal(ours, np.clip(floats, -65504, 65504).astype("<f2"))


def test_nan_and_infinity_become_zero_and_the_rest_stays():
    floats = np.array([1.5, np.nan, -0.25, np.inf, -np.inf, 3e38], "<f4")
    out = np.frombuffer(rows.finite(floats.tobytes()), "<f4")
    np.testing.assert_array_equal(out, np.array([1.5, 0, -0.25, 0, 0, 3e38], "<f4"))


@given(pixels(1))
def test_only_samples_of_value_zero_count_as_transparent(case):
    depth, data = case
    values = np.frombuffer(data, NUMPY[depth])
    expected = np.where(values != 0, 255, 0).astype("u1").tobytes()
    assert rows.samples_mask(data, depth) == expected
    assert rows.where_zero(data, depth) == bytes(255 - v for v in expected)


boxes = st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 8), st.integers(1, 8))


@given(boxes, st.integers(1, 16), st.integers(-50, 50), st.randoms())
def test_a_crop_pasted_where_it_was_changes_nothing(box, pixel_bytes, shift, random):
    left, top, width, height = box
    outer = Region(shift, -shift, 16, 16)
    inner = Region(shift + left, -shift + top, width, height)
    data = random.randbytes(16 * 16 * pixel_bytes)
    picture = np.frombuffer(data, "u1").reshape(16, 16, pixel_bytes)
    patch = rows.cropped(data, outer, inner, pixel_bytes)
    assert patch == picture[top : top + height, left : left + width].tobytes()
    again = bytearray(data)
    rows.pasted(again, outer, bytes(len(patch)), inner, pixel_bytes)
    assert inner.area * pixel_bytes == len(patch)
    rows.pasted(again, outer, patch, inner, pixel_bytes)
    assert again == data


def test_wrong_sizes_are_refused():
    with pytest.raises(ValueError, match="whole pixels"):
        rows.planes(b"12345", 4, "uint8")
    with pytest.raises(ValueError, match="differ"):
        rows.interleaved([b"12", b"1"], "uint8")
    with pytest.raises(ValueError, match="leaves"):
        rows.cropped(bytes(16), Region(0, 0, 4, 4), Region(2, 2, 4, 1), 1)
    with pytest.raises(ValueError, match="fill"):
        rows.cropped(bytes(15), Region(0, 0, 4, 4), Region(0, 0, 1, 1), 1)


def test_masks_multiply_where_pixels_exist():
    assert rows.multiplied(bytes([0, 10, 200, 255]), bytes([255, 0, 255, 255])) == bytes([0, 0, 200, 255])
    assert rows.where_not_full(bytes([0, 1, 254, 255])) == bytes([255, 255, 255, 0])
