"""The words that name who takes part, and the methods they stand for.

``NAME`` is a peer, a method of ours or ``auto``. ``METHOD@WEIGHTS`` names the weights. A colon says how a
small fill is finished: ``:detail`` (the detail step as the weights' record wants it: what a user gets),
``:plain`` (enlarged only), ``:start=G`` or ``:grow=G`` (the detail step in that mode with weight G). A peer with
one of these stands in a network's place: it fills the region at the network's size. A plus joins methods in one
ranked pool, drawn in equal shares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pluripaint.methods import registry
from pluripaint.methods.base import GUIDE_MODES, Fill, Method, MethodInfo, Progress, Scene

from .peers import Peer, find_peer

PLAIN, DETAIL = "plain", "detail"
_PART = re.compile(
    r"(?P<name>[\w-]+)(@(?P<weights>[\w.-]+))?"
    rf"(:((?P<finish>{PLAIN}|{DETAIL})|(?P<mode>{'|'.join(GUIDE_MODES)})(=(?P<weight>\d+(\.\d*)?|\.\d+))?))?"
)


class BadEntry(ValueError):
    """A word that names nobody; the message is a sentence for the user."""


@dataclass(frozen=True)
class Part:
    """One method of a word. ``finish``: ``""``, ``plain``, ``detail`` or a guide mode; ``weight``: g."""

    name: str
    weights: str | None = None
    finish: str = ""
    weight: float | None = None


def parsed(word: str) -> list[Part]:
    """The methods that a word joins.

    Raises:
        BadEntry: it is not written as the module says.
    """
    parts = []
    for text in word.split("+"):
        found = _PART.fullmatch(text)
        if found is None:
            raise BadEntry(
                f"“{text}” is nobody who could take part; write NAME, METHOD@WEIGHTS, and behind it :plain, "
                ":detail, :start=G or :grow=G."
            )
        weight = None if found["weight"] is None else float(found["weight"])
        if weight is not None and weight > 4:
            raise BadEntry(f"A guide's weight lies between 0 and 4, not {weight:g}.")
        parts.append(Part(found["name"], found["weights"], found["finish"] or found["mode"] or "", weight))
    return parts


def is_plain_name(parts: Sequence[Part]) -> bool:
    """Whether the word is nothing but one name."""
    return parts == [Part(parts[0].name)]


def is_guide(word: str) -> bool:
    """Whether the word is one network's fill without detail."""
    parts = parsed(word)
    return len(parts) == 1 and parts[0].finish == PLAIN and parts[0].name in registry.names()


def network_of(words: Sequence[str]) -> MethodInfo | None:
    """The first network among the words that gets its detail, whose size and mode peers take over that stand in
    its place; ``None`` without one, or where its weights cannot be had.
    """
    for part in (part for word in words for part in parsed(word)):
        if part.finish != PLAIN and part.name in registry.names():
            try:
                method = loaded(part, None)
            except registry.MethodError:
                continue
            if method.info.native_size is not None:
                return method.info
    return None


def loaded(part: Part, network: MethodInfo | None, device: str = "cpu") -> Method:
    """The method of a part, finished as it says.

    Args:
        network: in whose place a peer stands.
        device: where a network runs.

    Raises:
        BadEntry: a finish or weights that this method cannot have.
        registry.MethodError: the weights cannot be had.
        peers.Missing: a peer that is not on this machine.
    """
    if part.name in registry.names():
        method = registry.load(part.name, part.weights, device)
    elif network is None:
        raise BadEntry(
            f"“{part.name}” with a detail step takes over a network's size: name METHOD@WEIGHTS as well."
        )
    elif part.weights:
        raise BadEntry(f"{part.name} takes no weights; leave “@{part.weights}” out.")
    else:
        method = PeerAsNetwork(find_peer(part.name), network)
    if part.finish and method.info.native_size is None:
        raise BadEntry(f"{part.name} works at native resolution and has no detail step.")
    method.info = _finished(method.info, part)
    return method


def _finished(info: MethodInfo, part: Part) -> MethodInfo:
    if part.finish in ("", DETAIL):
        return info
    if part.finish == PLAIN:
        return replace(info, guide_mode="none")
    weight = info.guide_weight if part.weight is None else part.weight
    return replace(info, guide_mode=part.finish, guide_weight=weight)


class PeerAsNetwork:
    """A peer in a network's place: it sees what the network sees, and its fill is finished the same way."""

    weights_sha256 = ""

    def __init__(self, peer: Peer, network: MethodInfo) -> None:
        self._peer = peer
        self.info = replace(network, name=peer.name, title=peer.title, sampled=peer.fills > 1, options={})

    def fill(
        self, scene: Scene, seeds: Sequence[int], options: Mapping[str, float], progress: Progress
    ) -> Iterator[Fill]:
        """One fill a seed; where the peer knows fewer, they come again with other details."""
        pixels = np.rint(scene.masked * 255).astype(np.uint8)
        for number, seed in enumerate(seeds):
            progress(self._peer.name, number / len(seeds))
            image = self._peer.run(pixels, ~scene.known, number % self._peer.fills)
            yield Fill(seed, 0.0, image.astype(np.float32) / 255)
