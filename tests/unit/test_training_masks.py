"""Holes for training: their shares, their shapes, the mix."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.measure import label

from pluripaint.training import masks


def shares_and_holes(kind: str, side: int = 64, count: int = 200) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    wanted = torch.linspace(0.1, 0.6, count)
    holes = masks.KINDS[kind](wanted, side, generator)
    assert holes.shape == (count, side, side) and holes.dtype == torch.bool
    return wanted, holes


@pytest.mark.parametrize(
    ("kind", "lowest", "highest", "mean"),
    [
        ("walk", -0.001, 0.001, 0.001),
        ("objects", -0.001, 0.001, 0.001),
        ("boxes", -0.02, 0.02, 0.002),
        ("border", -0.02, 0.02, 0.003),
        # Painted kinds stop at the first stroke that reaches the share; published strokes paint the known part,
        # so their hole falls short of it.
        ("strokes", -0.16, 0.0, 0.04),
        ("brush", 0.0, 0.15, 0.04),
        ("large", 0.0, 0.50, 0.12),
    ],
)
def test_holes_have_the_wanted_share(kind: str, lowest: float, highest: float, mean: float) -> None:
    wanted, holes = shares_and_holes(kind)
    error = holes.float().mean((1, 2)) - wanted
    assert lowest - 1e-6 <= float(error.min()) and float(error.max()) <= highest + 1e-6
    assert abs(float(error.mean())) <= mean
    # Over the range of shares they follow it, not merely its mean.
    assert np.corrcoef(wanted, holes.float().mean((1, 2)))[0, 1] > 0.9


def test_a_walk_is_one_piece_of_four_neighbours() -> None:
    _, holes = shares_and_holes("walk", count=40)
    assert all(label(hole.numpy(), connectivity=1).max() == 1 for hole in holes)


def test_a_walk_of_wide_cells_keeps_to_its_share() -> None:
    wanted = torch.full((8,), 0.3)
    holes = masks.walk(wanted, 256, torch.Generator().manual_seed(2), pen=8)
    assert torch.allclose(holes.float().mean((1, 2)), wanted, atol=1 / 1024)


def test_objects_are_few_pieces_and_differ() -> None:
    _, holes = shares_and_holes("objects", count=60)
    pieces = [label(hole.numpy(), connectivity=2).max() for hole in holes]
    assert np.mean(pieces) < 4
    assert len({hole.numpy().tobytes() for hole in holes}) == 60


def test_borders_touch_an_edge_and_boxes_are_boxes() -> None:
    _, strips = shares_and_holes("border")
    edges = torch.stack(
        [strips[:, 0].all(1), strips[:, -1].all(1), strips[:, :, 0].all(1), strips[:, :, -1].all(1)]
    )
    assert bool((edges.any(0)).all())
    assert all(int(edge.sum()) > 20 for edge in edges), "every side gets its share of strips"
    _, boxes = shares_and_holes("boxes")
    for box in boxes:
        rows, columns = box.any(1), box.any(0)
        assert int(box.sum()) == int(rows.sum()) * int(columns.sum())


def test_published_strokes_leave_no_specks() -> None:
    _, holes = shares_and_holes("strokes", side=128, count=30)
    for hole in holes:
        pieces = label(hole.numpy(), connectivity=2)
        sizes = np.bincount(pieces.ravel())[1:]
        assert sizes.min(initial=99) >= 4


def test_a_mix_follows_its_weights_and_its_ranges() -> None:
    recipe = {"boxes": (1.0, 0.2, 0.3), "border": (1.0, 0.2, 0.3), "everything": (2.0, 1.0, 1.0)}
    holes = masks.mixed(recipe, 800, 32, torch.Generator().manual_seed(5))
    share = holes.float().mean((1, 2))
    whole = share == 1
    assert 0.45 < float(whole.float().mean()) < 0.55
    assert float(share[~whole].min()) > 0.15 and float(share[~whole].max()) < 0.35
    again = masks.mixed(recipe, 800, 32, torch.Generator().manual_seed(5))
    assert torch.equal(holes, again)
