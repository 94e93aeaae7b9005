"""The patch field's promises: what it may look at, what it may copy, what it leaves at the seam."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.sparse import lil_matrix
from scipy.sparse.linalg import spsolve

from pluripaint.methods.base import Scene
from pluripaint.methods.exemplar import Exemplar
from pluripaint.patchfield import Settings, Turn, detail, grow, prepare, prepare_guided
from pluripaint.patchfield.poisson import BORDER, PAINT, VOID, solve


class Quiet:
    """A progress nobody listens to."""

    cancel_flag = np.zeros(1, np.uint8)

    def __call__(self, stage: str, fraction: float, preview: np.ndarray | None = None) -> None:
        pass


def grass(height: int, width: int, seed: int = 1) -> np.ndarray:
    """A green texture, ``float32 [H, W, 3]``."""
    rng = np.random.default_rng(seed)
    fine = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 1.2)
    fine /= fine.std()
    return np.clip(np.array([0.3, 0.5, 0.2]) + fine[..., None] * [0.05, 0.08, 0.04], 0, 1).astype(np.float32)


def disc(height: int, width: int, radius: float) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return (y - height / 2) ** 2 + (x - width / 2) ** 2 < radius**2


def scene_of(image, core, grow=4, valid=None, exclude=None) -> Scene:
    hole = (
        cv2.dilate(core.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1,) * 2))
        > 0
    )
    valid = np.ones(core.shape, bool) if valid is None else valid
    exclude = np.zeros(core.shape, bool) if exclude is None else exclude
    return Scene(np.where((core | ~valid)[..., None], np.float32(0), image), hole, core, valid, exclude)


def scene_parts(image, core) -> tuple[np.ndarray, ...]:
    scene = scene_of(image, core)
    return scene.image, scene.hole, scene.core, scene.valid, scene.exclude


def one_fill(scene: Scene, seed: int = 3) -> np.ndarray:
    return next(iter(Exemplar().fill(scene, [seed], {}, Quiet()))).image


def redness(image: np.ndarray) -> np.ndarray:
    return image[..., 0] - image[..., 1]


def test_the_soft_edge_of_the_removed_object_enters_nothing():
    image, core = grass(120, 120), disc(120, 120, 26)
    soft = cv2.GaussianBlur(core.astype(np.float32), (0, 0), 1.6)[..., None]
    with_object = (image * (1 - soft) + np.float32([0.9, 0.1, 0.1]) * soft).astype(np.float32)
    assert redness(with_object)[~core].max() > 0.2, (
        "the edge must leak into kept pixels for this to be a test"
    )
    filled = one_fill(scene_of(with_object, core))
    assert redness(filled)[core].max() < redness(image).max() + 0.05


def test_a_ring_that_is_photograph_is_looked_at():
    image, core = grass(120, 120), disc(120, 120, 26)
    scene = scene_of(image, core)
    prepared = prepare(scene.image, scene.hole, scene.core, scene.valid, scene.exclude, Settings())
    ring = scene.hole & ~scene.core
    assert prepared.scene.known[ring].mean() > 0.9


def seeds_of(turn: Turn, count: int) -> list[int]:
    """The first seeds that draw this kind of answer."""
    return [seed for seed in range(count * len(Settings().turns)) if Settings().turn(seed) == turn][:count]


def test_some_answers_keep_to_their_height_more_than_others():
    fading = (np.mgrid[:160, :200][0] / 160 - 0.5)[..., None] * np.float32([0.2, 0, -0.2])  # redder downwards
    meadow = np.clip(grass(160, 200) + fading, 0, 1)
    scene = scene_of(meadow, disc(160, 200, 38))

    def off(turn: Turn) -> float:
        changes = [one_fill(scene, seed) - meadow for seed in seeds_of(turn, 3)]
        far = [cv2.GaussianBlur(change[..., 0] - change[..., 2], (0, 0), 4) for change in changes]
        return float(np.abs(far)[:, scene.core].mean())

    fine = sorted((turn for turn in Settings().turns if turn.start == 1), key=lambda turn: turn.down)
    assert off(fine[-1]) < 0.8 * off(fine[0])


def test_answers_with_a_coarse_start_carry_a_line_across_that_others_lose():
    y, x = np.mgrid[:240, :320]
    foot = 144 + 2 * np.sin(x / 17)
    wall, pavement = np.float32([0.85, 0.55, 0.2]), np.float32([0.8, 0.78, 0.75])
    rough = [(grass(240, 320, seed)[..., 1:2] - 0.5) * 0.4 for seed in (2, 3)]
    photo = np.where((y < foot)[..., None], wall + rough[0], pavement + rough[1])
    photo[abs(y - foot) < 3] = [0.5, 0.2, 0.1]
    photo = np.clip(photo, 0, 1).astype(np.float32)
    scene = scene_of(photo, (abs(x - 160) < 70) & (abs(y - 144) < 60))

    def wrong(turn: Turn) -> float:
        blurred = [cv2.GaussianBlur(one_fill(scene, seed) - photo, (0, 0), 2) for seed in seeds_of(turn, 3)]
        return float((np.linalg.norm(blurred, axis=-1)[:, scene.core] > 0.15).mean())

    coarse = {turn for turn in Settings().turns if turn.start < 1}
    assert max(map(wrong, coarse)) < 0.8 * wrong(Turn(1.0, 0.4))


def test_a_coarse_start_counts_as_stranger_and_so_do_colours_that_joining_had_to_bend():
    core = disc(160, 200, 38)
    sharp, flat = Settings(), Settings(smoothness=0)
    prepared = prepare(*scene_parts(grass(160, 200), core), sharp)
    for turn in set(sharp.turns):
        seed = seeds_of(turn, 1)[0]
        counted, plain = (grow(prepared, seed, settings, Quiet.cancel_flag) for settings in (sharp, flat))
        assert (counted.strangeness > 1.2 * plain.strangeness) == (turn.start < 1), turn
        assert plain.bent > 0 and replace(plain, bent=2 * plain.bent + 1).score < plain.score


def test_what_is_excluded_is_never_copied():
    image, core = grass(120, 160), disc(120, 160, 22)
    exclude = np.zeros(core.shape, bool)
    exclude[:, 110:] = True
    image[exclude] = [0.9, 0.1, 0.1]
    filled = one_fill(scene_of(image, core, exclude=exclude))
    assert redness(filled)[core].max() < 0.2


@pytest.mark.parametrize("hidden", ["selection", "outside"])
def test_hidden_pixels_change_nothing(hidden):
    image, core = grass(100, 110), disc(100, 110, 20)
    valid = np.ones(core.shape, bool)
    valid[:, 90:] = False
    area = core if hidden == "selection" else ~valid
    results = []
    for seed in (0, 1):
        noisy = image.copy()
        noisy[area] = np.random.default_rng(seed).random((int(area.sum()), 3))
        scene = scene_of(image, core, valid=valid)
        scene = Scene(np.where(area[..., None], noisy, scene.image), scene.hole, core, valid, scene.exclude)
        results.append(one_fill(scene))
    assert np.array_equal(results[0][core], results[1][core])


@pytest.mark.parametrize(
    ("height", "width", "core"),
    [
        (16, 16, (7, 7, 1, 1)),
        (20, 64, (0, 0, 10, 12)),
        (64, 64, (0, 0, 64, 60)),
        (40, 40, (2, 2, 36, 36)),
        (300, 24, (0, 10, 300, 2)),
    ],
)
def test_odd_holes_are_filled_with_something_near(height, width, core):
    top, left, h, w = core
    mask = np.zeros((height, width), bool)
    mask[top : top + h, left : left + w] = True
    image = grass(height, width)
    filled = one_fill(scene_of(image, mask))
    assert np.isfinite(filled).all() and filled.min() >= 0 and filled.max() <= 1
    assert np.abs(filled[mask].mean(0) - image.reshape(-1, 3).mean(0)).max() < 0.15


def one_hole_with_an_island() -> np.ndarray:
    kind = np.full((40, 50), BORDER, np.uint8)
    kind[4:36, 5:44] = PAINT
    kind[20:24, 20:30] = VOID
    return kind


def crumbs() -> np.ndarray:
    """Every kind next to every other, and a wide hole between them."""
    kind = np.random.default_rng(2).choice(np.array([VOID, PAINT, PAINT, BORDER], np.uint8), (61, 83))
    kind[20:50, 10:70] = PAINT
    kind[[0, -1]], kind[:, [0, -1]] = VOID, VOID
    return kind


def no_border() -> np.ndarray:
    kind = np.full((37, 22), VOID, np.uint8)
    kind[1:-1, 1:-1] = PAINT
    return kind


@pytest.mark.parametrize(
    ("kind", "screening"),
    [
        (one_hole_with_an_island(), 0.02),
        (one_hole_with_an_island(), 0.003),
        (one_hole_with_an_island(), 0.0),
        (crumbs(), 0.003),
        (no_border(), 0.003),
    ],
)
def test_the_poisson_solve_equals_a_direct_one(kind, screening):
    rng = np.random.default_rng(5)
    start, pull = (40 * rng.random((*kind.shape, 3)).astype(np.float32) for _ in range(2))
    divergence = rng.normal(0, 4, start.shape).astype(np.float32)
    places = np.argwhere(kind == PAINT)
    number = {tuple(place): k for k, place in enumerate(places)}
    matrix, right = lil_matrix((len(places),) * 2), np.zeros((len(places), 3))
    for k, (y, x) in enumerate(places):
        matrix[k, k] = screening
        right[k] = divergence[y, x] + screening * pull[y, x]
        for there in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if kind[there] == VOID:
                continue
            matrix[k, k] += 1
            if kind[there] == PAINT:
                matrix[k, number[there]] -= 1
            else:
                right[k] += start[there]
    exact = spsolve(matrix.tocsr(), right)
    u = start.copy()
    solve(u, kind, divergence, pull, screening, np.zeros(1, np.uint8))
    assert np.abs(u[kind == PAINT] - exact).max() < 0.05
    assert np.array_equal(u[kind != PAINT], start[kind != PAINT])


@pytest.mark.parametrize("mode", ["start", "grow"])
def test_a_guide_counts_as_much_as_its_weight(mode):
    """Growth that leans on a guide with weight 0 does not know it; a trusted one decides the colours."""
    scene, settings = scene_of(grass(96, 96), disc(96, 96, 20)), Settings()
    parts = scene.image, scene.hole, scene.core, scene.valid, scene.exclude
    prepared = prepare_guided(*parts, 4.0, mode, settings)

    def brightness(value: float, weight: float) -> float:
        guide = np.full_like(scene.image, value)
        filled = detail(prepared, guide, 4.0, 3, settings, Quiet.cancel_flag, mode=mode, weight=weight).image
        return float(filled[scene.core].mean())

    assert brightness(0.6, 2.0) > brightness(0.1, 2.0) + 0.02
    if mode == "grow":
        assert brightness(0.6, 0.0) == brightness(0.1, 0.0)
