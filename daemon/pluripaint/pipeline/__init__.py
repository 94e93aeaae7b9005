"""From pixels to fills: the only way there is.

Goes in: a :class:`FillRequest` (regions in the photograph's own depth). Comes out of :func:`fill`: every
:class:`Candidate` that enters the best so far, then :class:`Settled`. Open ``fill.py`` first; ``region.py``
makes a scene of a region and brings its fill back, ``choice.py`` chooses, ``network.py`` serves methods of a
fixed size.
"""

from pluripaint.pipeline.configuration import configuration_hash, source_digest
from pluripaint.pipeline.fill import fill, fill_with
from pluripaint.pipeline.types import Candidate, FillError, FillRequest, RegionPixels, Settled

__all__ = [
    "Candidate",
    "FillError",
    "FillRequest",
    "RegionPixels",
    "Settled",
    "configuration_hash",
    "fill",
    "fill_with",
    "source_digest",
]
