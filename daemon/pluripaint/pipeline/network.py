"""Methods that see one fixed size: padded and scaled there, and their fills brought back sharp.

The way back is always: scale up the fill alone, match colour at the seam, then the patch field's detail step
with the fill as guide (left out for ``guide_mode`` ``"none"``: how an evaluation looks at the guide itself). A
method without a size of its own gets the scene as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np

from pluripaint.methods.base import Cancelled, Fill, Method, MethodInfo, Progress, Scene
from pluripaint.pipeline import region, seam
from pluripaint.pipeline.region import mirror, mirrored_valid

_DETAIL_SHARE = 0.4
"""Part of the progress that the detail step takes."""


def fills(
    method: Method, scene: Scene, seeds: Sequence[int], options: Mapping[str, float], progress: Progress
) -> Iterator[Fill]:
    """A method's fills at the scene's own size, one a seed as they are ready.

    Raises:
        Cancelled: from ``progress``.
    """
    size = method.info.native_size
    if size is None and method.info.multiple_of == 1:
        yield from method.fill(scene, seeds, options, progress)
        return
    around = padding(scene, method.info)
    padded = pad(scene, around)
    if size is None:
        for one in method.fill(padded, seeds, options, progress):
            yield replace(one, image=_cropped(one.image, around, scene))
        return
    small = shrink(padded, size)
    finish = _finish(scene, padded.hole.shape[0] / size, method.info)
    for number, one in enumerate(method.fill(small, seeds, options, progress), 1):
        image = enlarge(np.where(small.hole[..., None], one.image, small.image), padded.hole.shape)
        guide = seam.match_colour(_cropped(image, around, scene), scene)
        progress("detail", 1 - _DETAIL_SHARE + _DETAIL_SHARE * number / len(seeds))
        sure = 1.0 if one.certainty is None else float(one.certainty[small.hole].mean())
        yield replace(one, image=finish(guide, sure, one.seed, progress), certainty=None)


class _Finish(Protocol):
    """Makes of a guide ``float32 [H, W, 3]`` the fill that is shown; ``sure``: the method's own certainty, 0…1."""

    def __call__(self, guide: np.ndarray, sure: float, seed: int, progress: Progress) -> np.ndarray: ...


def _finish(scene: Scene, factor: float, info: MethodInfo) -> _Finish:
    return _as_it_is if info.guide_mode == "none" else _Detail(scene, factor, info)


def _as_it_is(guide: np.ndarray, sure: float, seed: int, progress: Progress) -> np.ndarray:
    return guide


def width_share(core: np.ndarray) -> float:
    """How much a weak guide counts in a hole of this width, 0…1: layout is lost where a hole is wide."""
    inner = float(cv2.distanceTransform(np.pad(core, 1).astype(np.uint8), cv2.DIST_L2, 5).max())
    knobs = region.KNOBS
    return float(np.clip((inner - knobs.guide_from) / (knobs.guide_full - knobs.guide_from), 0, 1))


class _Detail:
    """The guided patch field of one region, prepared once for all its candidates.

    A guide that growth only leans on ("grow") counts less in narrow holes and where the network is unsure.
    """

    def __init__(self, scene: Scene, factor: float, info: MethodInfo) -> None:
        from pluripaint import patchfield

        self._factor, self._mode, self._settings = factor, info.guide_mode, patchfield.Settings()
        self._leans = self._mode == "grow"
        self._weight = info.guide_weight * (width_share(scene.core) if self._leans else 1.0)
        self._prepared = patchfield.prepare_guided(
            scene.image,
            scene.hole,
            scene.core,
            scene.valid,
            scene.exclude,
            factor,
            self._mode,
            self._settings,
        )

    def __call__(self, guide: np.ndarray, sure: float, seed: int, progress: Progress) -> np.ndarray:
        from pluripaint import patchfield

        try:
            result = patchfield.detail(
                self._prepared,
                guide,
                self._factor,
                seed,
                self._settings,
                progress.cancel_flag,
                mode=self._mode,
                weight=self._weight * (sure if self._leans else 1.0),
            )
        except patchfield.Interrupted:
            raise Cancelled from None
        return result.image


def padding(scene: Scene, info: MethodInfo) -> tuple[tuple[int, int], tuple[int, int]]:
    """What is mirrored on: up to a square no smaller than the network's own, or to its multiple."""
    height, width = scene.hole.shape
    if info.native_size is not None:
        target = (max(height, width, info.native_size),) * 2
    else:
        step = info.multiple_of
        target = (-(-height // step) * step, -(-width // step) * step)
    down, along = target[0] - height, target[1] - width
    return (down // 2, down - down // 2), (along // 2, along - along // 2)


def pad(scene: Scene, around: tuple[tuple[int, int], tuple[int, int]]) -> Scene:
    """The scene with mirrored surroundings; what mirrors a hole stays unknown."""
    return Scene(
        image=mirror(scene.image, (*around, (0, 0))),
        hole=np.pad(scene.hole, around),
        core=np.pad(scene.core, around),
        valid=mirrored_valid(scene.valid, scene.hole, around),
        exclude=mirror(scene.exclude, around),
    )


def shrink(scene: Scene, size: int) -> Scene:
    """A square scene at ``size``: averages over known pixels only; hole wherever the hole covers anything."""
    square = (size, size)
    known = _area(scene.known.astype(np.float32), square)
    image = _area(scene.masked, square) / np.maximum(known, 1e-6)[..., None]
    hole = _area(scene.hole.astype(np.float32), square) > 0
    return Scene(
        image=np.where(((known > 0) & ~hole)[..., None], image, 0).clip(0, 1).astype(np.float32),
        hole=hole,
        core=_area(scene.core.astype(np.float32), square) > 0,
        valid=hole | (known >= 0.5),
        exclude=_area(scene.exclude.astype(np.float32), square) > 0,
    )


def enlarge(image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """``float32 [S, S, 3]`` brought to ``shape``; half-pixel centres, cubic, no value beyond 0…1."""
    if image.shape[:2] == tuple(shape[:2]):
        return image.astype(np.float32)
    large = cv2.resize(image.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large).clip(0, 1)


def _area(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if values.shape[:2] == size:
        return values
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))


def _cropped(image: np.ndarray, around: tuple[tuple[int, int], tuple[int, int]], scene: Scene) -> np.ndarray:
    height, width = scene.hole.shape
    return np.ascontiguousarray(
        image[around[0][0] : around[0][0] + height, around[1][0] : around[1][0] + width]
    )
