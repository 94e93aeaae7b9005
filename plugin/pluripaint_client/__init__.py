"""The plug-in's side: standard library only, copied beside each editor's plug-in.

Goes in: a region's pixels and masks as raw rows. Comes out: events of a job, fills as raw rows.
Open ``client.py`` first, then ``PROTOCOL.md``.
"""

from .client import Client
from .errors import ConnectionLost, DaemonError, Incompatible, NotOurs, NotRunning, Refused, TimedOut
from .geometry import Region
from .messages import (
    ENDINGS,
    Accepted,
    CancelledJob,
    CandidateReady,
    Done,
    Event,
    Failed,
    JobRequest,
    Preview,
    Progress,
    Queued,
    RegionData,
)
from .protocol import ProtocolError

__all__ = [
    "ENDINGS",
    "Accepted",
    "CancelledJob",
    "CandidateReady",
    "Client",
    "ConnectionLost",
    "DaemonError",
    "Done",
    "Event",
    "Failed",
    "Incompatible",
    "JobRequest",
    "NotOurs",
    "NotRunning",
    "Preview",
    "Progress",
    "ProtocolError",
    "Queued",
    "Refused",
    "Region",
    "RegionData",
    "TimedOut",
]
