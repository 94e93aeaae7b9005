"""Regions from selections: properties that hold for any selection."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pluripaint_client import geometry
from pluripaint_client.geometry import RULES, Region

boxes = st.builds(
    Region, st.integers(0, 1500), st.integers(0, 1500), st.integers(1, 400), st.integers(1, 400)
)
canvases = st.builds(lambda w, h: Region(0, 0, w, h), st.integers(16, 2400), st.integers(16, 2400))


@given(boxes, canvases)
def test_shifting_inside_keeps_the_size_and_stays_inside(box: Region, canvas: Region) -> None:
    moved = box.shifted_inside(canvas)
    assert canvas.contains(moved)
    assert (moved.width, moved.height) == (min(box.width, canvas.width), min(box.height, canvas.height))


@given(boxes, boxes)
def test_union_holds_both_and_intersection_lies_in_both(one: Region, other: Region) -> None:
    assert one.union(other).contains(one) and one.union(other).contains(other)
    shared = one.intersection(other)
    assert (shared is not None) == one.overlaps(other)
    assert shared is None or (one.contains(shared) and other.contains(shared))


@given(canvases, st.data(), st.floats(1.5, 4.0))
def test_a_region_holds_its_hole_and_has_the_side_of_the_rules(canvas, data, context) -> None:
    left = data.draw(st.integers(0, canvas.width - 1))
    top = data.draw(st.integers(0, canvas.height - 1))
    hole = Region(
        left,
        top,
        data.draw(st.integers(1, canvas.width - left)),
        data.draw(st.integers(1, canvas.height - top)),
    )
    rules = RULES._replace(context=context)
    region = geometry.region_around(hole, canvas, rules)
    assert canvas.contains(region) and region.contains(hole)
    side = max(int(np.ceil(context * max(hole.width, hole.height))) + 2 * rules.grow, rules.least_side)
    assert region.width == min(side, canvas.width) and region.height == min(side, canvas.height)


@settings(max_examples=60, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=12))
def test_clustered_regions_hold_every_hole_once_and_never_overlap(holes: list[Region]) -> None:
    canvas = Region(0, 0, 2000, 2000)
    regions = geometry.cluster(holes, canvas)
    for hole in holes:
        assert sum(region.contains(hole) for region in regions) == 1
    for k, region in enumerate(regions):
        assert canvas.contains(region) and not any(region.overlaps(other) for other in regions[:k])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.integers(1, 70), st.data())
def test_bounds_and_islands_agree_with_counting_pixels(width: int, height: int, data) -> None:
    mask = np.zeros((height, width), np.uint8)
    for _ in range(data.draw(st.integers(0, 5))):
        row, column = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
        mask[row : row + data.draw(st.integers(1, 9)), column : column + data.draw(st.integers(1, 9))] = 7
    box = geometry.bounds(mask.tobytes(), width, height)
    parts = geometry.islands(mask.tobytes(), width, height)
    rows, columns = np.nonzero(mask)
    if not rows.size:
        assert box is None and parts == []
        return
    left, top = columns.min(), rows.min()
    assert box == Region(left, top, columns.max() - left + 1, rows.max() - top + 1)
    covered = np.zeros_like(mask)
    for part in parts:
        covered[part.top : part.bottom, part.left : part.right] = 7
    assert ((covered > 0) >= (mask > 0)).all()


def test_islands_far_apart_get_a_region_each_and_near_ones_share_one() -> None:
    mask = np.zeros((1200, 1800), np.uint8)
    mask[100:150, 100:150] = 255
    mask[900:960, 1500:1560] = 255
    canvas = Region(0, 0, 1800, 1200)
    assert len(geometry.plan(mask.tobytes(), canvas)) == 2
    mask[:] = 0
    mask[100:150, 100:150] = 255
    mask[100:150, 180:230] = 255
    assert len(geometry.plan(mask.tobytes(), canvas)) == 1


def test_a_layer_with_an_offset_gets_regions_in_the_photos_coordinates() -> None:
    mask = np.zeros((600, 600), np.uint8)
    mask[10:60, 20:70] = 255
    region = geometry.plan(mask.tobytes(), Region(-50, 1000, 600, 600))[0]
    assert Region(-50, 1000, 600, 600).contains(region) and region.contains(Region(-30, 1010, 50, 50))


def test_a_wire_across_the_photo_is_cut_to_the_area_limit_instead_of_refused() -> None:
    canvas, wire = Region(0, 0, 9000, 6000), Region(100, 3000, 8800, 20)
    region = geometry.region_around(wire, canvas)
    assert region.contains(wire) and region.area <= RULES.most_area
    assert region.height >= wire.height + 2 * RULES.least_margin


def test_a_hole_beyond_the_limit_is_refused_with_a_sentence() -> None:
    with pytest.raises(geometry.TooLarge, match="in parts"):
        geometry.region_around(Region(0, 0, 4200, 4200), Region(0, 0, 9000, 9000))


def test_hundreds_of_specks_in_one_corner_make_few_regions() -> None:
    mask = np.zeros((2000, 2000), np.uint8)
    generator = np.random.default_rng(1)
    mask[generator.integers(0, 900, 400), generator.integers(0, 900, 400)] = 255
    regions = geometry.plan(mask.tobytes(), Region(0, 0, 2000, 2000))
    assert 1 <= len(regions) <= RULES.most_regions
