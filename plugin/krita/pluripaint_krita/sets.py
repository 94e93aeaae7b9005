"""Sets of variations that already lie in a document: found again by what was written beside them.

A document annotation ``pluripaint:<unique id of the group>`` holds settings, seeds and the layers' own ids as
JSON. Layers are only ever addressed by unique id: a layer of the person's own is never touched.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Tuple

from pluripaint_client.protocol import HIGHEST_SEED
from pluripaint_client.runner import Settings

from . import active
from .qt import QtCore

PREFIX = "pluripaint:"

Seeds = Tuple[int, int]
"""The first seed of a set and the one behind its last; the last of all is followed by 0."""


@dataclass(frozen=True)
class Record:
    """What is remembered of a set.

    Attributes:
        layers: per candidate ``{"id", "seed", "method", "score", "sha256"}``.
        next_seed: where *Generate More* goes on.
        made: seconds since 1970; the newest set wins where none is meant.
    """

    group: str
    settings: Settings
    source: str
    method: str
    next_seed: int
    layers: list[dict[str, Any]] = field(default_factory=list)
    made: float = 0.0

    @property
    def seeds(self) -> Seeds:
        """Those that the set may have drawn."""
        return self.settings.seed, self.next_seed

    def write(self, document: Any) -> None:
        """Put it into the document; no undo entry comes of it."""
        text = json.dumps(
            {
                "v": 1,
                "settings": asdict(self.settings),
                "source": self.source,
                "method": self.method,
                "next_seed": self.next_seed,
                "layers": self.layers,
                "made": self.made or time.time(),
            }
        )
        document.setAnnotation(PREFIX + self.group, "Variations", QtCore.QByteArray(text.encode()))


def read(document: Any, group: str) -> Record | None:
    """The record of a group, ``None`` where there is none that makes sense."""
    raw = bytes(document.annotation(PREFIX + group))
    try:
        found = json.loads(raw.decode())
        layers = [dict(layer) for layer in found["layers"]]
        return Record(
            group=group,
            settings=Settings().changed(dict(found["settings"])),
            source=str(found["source"]),
            method=str(found["method"]),
            next_seed=int(found["next_seed"]) & 0x7FFFFFFF,
            layers=[layer for layer in layers if isinstance(layer.get("id"), str)],
            made=float(found["made"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def all_records(document: Any) -> list[Record]:
    """Every set whose group is still in the document, newest first."""
    names = [name[len(PREFIX) :] for name in document.annotationTypes() if name.startswith(PREFIX)]
    records = [read(document, name) for name in names if active.find(document, name) is not None]
    return sorted((record for record in records if record is not None), key=lambda record: -record.made)


def meant(document: Any) -> Record | None:
    """The set that holds the active layer, else the newest."""
    records = all_records(document)
    node = document.activeNode()
    while node is not None:
        for record in records:
            if record.group == node.uniqueId().toString():
                return record
        node = node.parentNode()
    return records[0] if records else None


def own_layers(document: Any, record: Record) -> list[Any]:
    """The set's own layers that still lie directly in its group, bottom to top."""
    group = active.find(document, record.group)
    if group is None:
        return []
    own = {layer["id"] for layer in record.layers}
    return [node for node in group.childNodes() if node.uniqueId().toString() in own]


def unused_seed(start: int, count: int, used: Iterable[Seeds]) -> int:
    """The first seed from ``start`` on that begins ``count`` seeds of which none was used."""
    used, every = list(used), HIGHEST_SEED + 1
    for _once in used:  # whoever steps behind one range may step into another
        for first, behind in used:
            length = (behind - first) % every
            into, until = (start - first) % every, (first - start) % every
            if length and (into < length or until < count):
                start = behind
    return start
