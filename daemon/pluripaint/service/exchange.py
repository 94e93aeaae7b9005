"""Between messages and arrays: what only a worker does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pluripaint.methods import registry
from pluripaint.pipeline.types import Candidate, FillRequest, RegionPixels
from pluripaint.service.logs import LOG, error_without_content
from pluripaint_client.protocol import Header, Submission

_DTYPES = {"uint8": "u1", "uint16": "<u2", "float32": "<f4"}
_PREVIEW_SIDE = 256


def request(submission: Submission, frames: Sequence[Any]) -> FillRequest:
    """The pipeline's request; arrays share the frames' memory. Sizes were checked by ``parse_submit``."""
    regions = []
    for part in submission.parts:
        height, width = part.box.height, part.box.width
        pixels = np.frombuffer(frames[part.pixels], _DTYPES[submission.depth])
        regions.append(
            RegionPixels(
                region=part.box,
                pixels=pixels.reshape(height, width, submission.channels),
                selection=np.frombuffer(frames[part.selection], np.uint8).reshape(height, width),
                valid=_mask(frames, part.valid, height, width),
                exclude=_mask(frames, part.exclude, height, width),
            )
        )
    return FillRequest(
        regions=regions,
        space=bytes(frames[0]) if submission.space == "icc" else submission.space,
        count=submission.count,
        pool=submission.pool,
        preset=submission.preset,
        method=submission.method,
        weights=submission.weights,
        seed=submission.seed,
        options=submission.options,
    )


def _mask(frames: Sequence[Any], index: int | None, height: int, width: int) -> np.ndarray | None:
    if index is None:
        return None
    return np.frombuffer(frames[index], np.uint8).reshape(height, width) > 0


def candidate(job: str, drawn: Candidate) -> tuple[Header, list[bytes]]:
    """Header fields and frames of a candidate."""
    fields: Header = {
        "job": job,
        "seed": int(drawn.seed),
        "method": drawn.method,
        "score": float(drawn.score),
        "weights_sha256": drawn.weights_sha256,
        "seconds": round(float(drawn.seconds), 4),
        "boxes": [[int(n) for n in box] for box in drawn.boxes],
    }
    return fields, [_rows(fill) for fill in drawn.fills]


def _rows(fill: np.ndarray) -> bytes:
    """Raw interleaved rows, little-endian."""
    return np.ascontiguousarray(fill, fill.dtype.newbyteorder("<")).tobytes()


def preview(image: np.ndarray) -> tuple[list[int], bytes]:
    """Size and bytes of an sRGB picture, at most 256 pixels a side, from ``[H, W, 3]`` (0…1 or uint8)."""
    step = max(1, -(-max(image.shape[:2]) // _PREVIEW_SIDE))
    small = image[::step, ::step, :3]
    if small.dtype != np.uint8:
        small = (np.clip(np.nan_to_num(small), 0, 1) * 255 + 0.5).astype(np.uint8)
    return [small.shape[1], small.shape[0]], np.ascontiguousarray(small).tobytes()


_BROKEN: set[str] = set()
"""Methods of which the log has been told already: the list is made again every second."""


def methods() -> list[dict[str, Any]]:
    """All methods for the ``methods`` message; nothing heavy is loaded."""
    listed = []
    for name in registry.names():
        try:
            info = registry.info(name)
        except Exception as error:
            # One method that cannot be imported here must not take the others away.
            if name not in _BROKEN:
                _BROKEN.add(name)
                LOG.error("%s cannot be used: %s", name, error_without_content(error))
            continue
        listed.append(
            {
                "name": info.name,
                "title": info.title,
                "sampled": info.sampled,
                "citation": info.citation,
                "licence": info.licence,
                "native_size": info.native_size,
                "needs_weights": info.needs_weights,
                "trained": registry.trained(name),
                "refines": info.refines,
                "options": {key: list(values) for key, values in info.options.items()},
            }
        )
    return listed
