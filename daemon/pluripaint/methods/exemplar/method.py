"""The method itself: answers side by side in threads, cancelled within a row of a kernel."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from pluripaint.methods.base import Cancelled, Fill, MethodInfo, Progress, Scene

INFO = MethodInfo(
    name="exemplar",
    title="Patches of the photograph itself",
    sampled=True,
    citation=(
        "Structure-first best-fit growth (Criminisi et al. 2004; Harrison 2005), PatchMatch with voting in a "
        "pyramid (Barnes et al. 2009; Wexler et al. 2007; Newson et al. 2014), screened Poisson joining "
        "(Pérez et al. 2003)"
    ),
    licence="Apache-2.0",
    needs_weights=False,
    options={
        "start_radius": (60.0, 4.0, 120.0),
        "looseness": (0.2, 0.0, 1.0),
        "texture": (3.0, 0.0, 8.0),
        "structure": (0.3, 0.0, 4.0),
    },
)
_TICK = 0.05


def threads() -> int:
    """How many answers are computed side by side."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    return max(2, count - 1)


class Exemplar:
    """Patch fills by seed; bit for bit the same for the same seed, alone or among others."""

    info = INFO

    def fill(
        self, scene: Scene, seeds: Sequence[int], options: Mapping[str, float], progress: Progress
    ) -> Iterator[Fill]:
        """Yield one :class:`Fill` per seed as they are ready.

        Args:
            options: names of ``info.options``; others are refused.

        Raises:
            Cancelled: the job was cancelled. ValueError: an unknown option or a value out of range.
        """
        from pluripaint import patchfield

        chosen: dict[str, Any] = {}
        for name, value in options.items():
            if name not in INFO.options:
                raise ValueError(f"exemplar has no option {name!r}; it has {', '.join(INFO.options)}.")
            _, low, high = INFO.options[name]
            if not low <= value <= high:
                raise ValueError(f"Option {name} must lie between {low:g} and {high:g}.")
            chosen[name] = float(value)
        settings = replace(patchfield.Settings(), **chosen)
        progress("patches", 0.0)
        if not scene.core.any():
            raise ValueError("The selection is empty: there is nothing to fill.")
        prepared = patchfield.prepare(
            scene.image, scene.hole, scene.core, scene.valid, scene.exclude, settings
        )
        shares = dict.fromkeys(range(len(seeds)), 0.0)
        given_up = threading.Event()

        def answer(place: int, seed: int) -> Fill:
            def told(share: float) -> None:
                shares[place] = share
                if given_up.is_set():
                    raise patchfield.Interrupted

            told(0.0)
            result = patchfield.grow(prepared, seed, settings, progress.cancel_flag, told)
            return Fill(seed, result.score, result.image, kind="coarse start" if result.coarser else "")

        pool = ThreadPoolExecutor(threads(), thread_name_prefix="exemplar")
        try:
            waiting: set[Future[Fill]] = {pool.submit(answer, k, seed) for k, seed in enumerate(seeds)}
            while waiting:
                ready, waiting = wait(waiting, timeout=_TICK, return_when=FIRST_COMPLETED)
                progress("patches", sum(shares.values()) / len(shares))
                for done in ready:
                    yield done.result()
        except patchfield.Interrupted:
            raise Cancelled from None
        finally:
            given_up.set()
            pool.shutdown(wait=True, cancel_futures=True)
