"""Regions from selections: properties that hold for any selection."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pluripaint_client import geometry, job_regions, protocol
from pluripaint_client.geometry import Region
from pluripaint_client.job_regions import RULES

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
    region = job_regions.region_around(hole, canvas, rules)
    assert canvas.contains(region) and region.contains(hole)
    side = max(int(np.ceil(context * max(hole.width, hole.height))) + 2 * rules.grow, rules.least_side)
    assert region.width == min(side, canvas.width) and region.height == min(side, canvas.height)


@settings(max_examples=60, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=12))
def test_clustered_regions_hold_every_hole_once_and_never_overlap(holes: list[Region]) -> None:
    canvas = Region(0, 0, 2000, 2000)
    regions = job_regions.cluster(holes, canvas)
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
    assert len(job_regions.plan(mask.tobytes(), canvas)) == 2
    mask[:] = 0
    mask[100:150, 100:150] = 255
    mask[100:150, 180:230] = 255
    assert len(job_regions.plan(mask.tobytes(), canvas)) == 1


def test_a_layer_with_an_offset_gets_regions_in_the_photos_coordinates() -> None:
    mask = np.zeros((600, 600), np.uint8)
    mask[10:60, 20:70] = 255
    region = job_regions.plan(mask.tobytes(), Region(-50, 1000, 600, 600))[0]
    assert Region(-50, 1000, 600, 600).contains(region) and region.contains(Region(-30, 1010, 50, 50))


def test_a_wire_across_the_photo_is_cut_to_the_area_limit_instead_of_refused() -> None:
    canvas, wire = Region(0, 0, 9000, 6000), Region(100, 3000, 8800, 20)
    region = job_regions.region_around(wire, canvas)
    assert region.contains(wire) and region.area <= RULES.most_area
    assert region.height >= wire.height + 2 * RULES.least_margin


def test_a_hole_beyond_the_limit_is_refused_with_a_sentence() -> None:
    with pytest.raises(job_regions.TooLarge, match="in parts"):
        job_regions.region_around(Region(0, 0, 4200, 4200), Region(0, 0, 9000, 9000))


def dust(number: int, width: int, height: int, seed: int = 0) -> np.ndarray:
    """A selection of specks of 12 pixels all over a scan."""
    mask = np.zeros((height, width), np.uint8)
    generator = np.random.default_rng(seed)
    for row, column in zip(
        generator.integers(20, height - 40, number), generator.integers(20, width - 40, number)
    ):
        mask[row : row + 12, column : column + 12] = 255
    return mask


@pytest.mark.parametrize(
    ("number", "most_pixels"), [(13, 1_000_000), (20, 2_000_000), (40, 4_000_000), (100, 8_000_000)]
)
def test_dust_on_a_24_megapixel_scan_is_filled_at_full_detail(number: int, most_pixels: int) -> None:
    mask = dust(number, 6000, 4000)
    regions = job_regions.plan(mask.tobytes(), Region(0, 0, 6000, 4000))
    assert len(regions) <= RULES.most_regions
    assert sum(region.area for region in regions) < most_pixels
    assert max(region.area for region in regions) <= 1024 * 1024
    assert sum(int((mask[r.top : r.bottom, r.left : r.right] > 0).sum()) for r in regions) == (mask > 0).sum()


@pytest.mark.parametrize("number", [300, 1000])
def test_more_dust_than_one_region_could_hold_still_makes_one_job(number: int) -> None:
    mask = dust(number, 6000, 4000)
    regions = job_regions.plan(mask.tobytes(), Region(0, 0, 6000, 4000))
    assert len(regions) <= RULES.most_regions and max(region.area for region in regions) <= 1024 * 1024
    assert sum(int((mask[r.top : r.bottom, r.left : r.right] > 0).sum()) for r in regions) == (mask > 0).sum()


specks = st.builds(
    Region, st.integers(0, 5900), st.integers(0, 3900), st.integers(1, 100), st.integers(1, 100)
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(specks, min_size=1, max_size=80),
    st.lists(
        st.builds(
            Region, st.integers(0, 4400), st.integers(0, 2400), st.integers(1, 1600), st.integers(1, 1600)
        ),
        max_size=3,
    ),
    st.integers(1, 64),
)
def test_whatever_is_selected_a_job_is_found_where_one_region_of_the_whole_would_do(
    small: list[Region], large: list[Region], most: int
) -> None:
    canvas, rules = Region(0, 0, 6000, 4000), RULES._replace(most_regions=most)
    holes = small + large
    try:
        regions = job_regions.cluster(holes, canvas, rules)
    except job_regions.TooLarge:
        whole = holes[0]
        for hole in holes[1:]:
            whole = whole.union(hole)
        with pytest.raises(job_regions.TooLarge):
            job_regions.region_around(whole, canvas, rules)
        return
    assert len(regions) <= most
    for hole in holes:
        assert sum(region.contains(hole) for region in regions) == 1
    for k, region in enumerate(regions):
        assert canvas.contains(region) and region.area <= rules.most_area
        assert not any(region.overlaps(other) for other in regions[:k])


def test_a_daemon_takes_as_many_regions_as_a_job_may_have() -> None:
    assert RULES.most_regions == protocol.LIMITS.regions
    assert protocol.LIMITS.frames == 4 * protocol.LIMITS.regions + 1


def test_hundreds_of_specks_in_one_corner_make_few_regions() -> None:
    mask = np.zeros((2000, 2000), np.uint8)
    generator = np.random.default_rng(1)
    mask[generator.integers(0, 900, 400), generator.integers(0, 900, 400)] = 255
    regions = job_regions.plan(mask.tobytes(), Region(0, 0, 2000, 2000))
    assert 1 <= len(regions) <= RULES.most_regions
