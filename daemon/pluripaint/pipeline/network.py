"""Methods that see one fixed size: scaled there and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pluripaint.methods.base import Fill, Method, Progress, Scene


def fills(
    method: Method, scene: Scene, seeds: Sequence[int], options: Mapping[str, float], progress: Progress
) -> Iterator[Fill]:
    """A method's fills at the scene's own size."""
    yield from method.fill(scene, seeds, options, progress)
