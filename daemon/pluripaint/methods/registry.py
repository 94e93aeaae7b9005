"""Which methods there are. Adding one = one folder and one line here.

A line names a class with a class attribute ``info`` (:class:`MethodInfo`). A method without weights is made
with no arguments; one with weights offers ``from_weights(path, record, device)`` and, for training,
``network(config)``. Nothing heavy is imported before a method is asked for.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pluripaint import folders
from pluripaint.methods import records
from pluripaint.methods.base import GUIDE_MODES, Method, MethodInfo
from pluripaint_client.texts import Sentence

_METHODS = {
    "exemplar": "pluripaint.methods.exemplar:Exemplar",
    "put_fdm": "pluripaint.methods.put_fdm.method:PutFdmMethod",
}


class MethodError(Exception):
    """A method or its weights cannot be had. ``code`` is stable; the message is a sentence, then the next
    step.
    """

    def __init__(self, code: str, sentence: str, next_step: str) -> None:
        super().__init__(f"{sentence} {next_step}")
        self.code, self.sentence, self.next_step = code, sentence, next_step


def names() -> tuple[str, ...]:
    """All methods, in the order they are listed."""
    return tuple(_METHODS)


def info(name: str) -> MethodInfo:
    """What there is to know about a method without loading it.

    Raises:
        MethodError: ``unknown-method``.
    """
    described: MethodInfo = _class(name).info
    return described


def load(name: str, weights: str | None = None, device: str = "cpu") -> Method:
    """A method ready to fill.

    Args:
        weights: name of a weights file in the user's folder or among the bundled ones; ``None``: the
        method's own.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Raises:
        MethodError: ``unknown-method``, ``no-weights``, ``weights-missing``, ``weights-corrupt``.
    """
    kind = _class(name)
    if not kind.info.needs_weights:
        if weights:
            raise MethodError(
                "no-weights", Sentence("{name} works without weights.", name=name), "Leave the weights out."
            )
        method: Method = kind()
        method.weights_sha256 = ""
        return method
    path, record = weights_file(name, weights)
    try:
        loaded: Method = kind.from_weights(path, record, device)
    except Exception as error:
        if not _misfit(error):
            raise
        raise _corrupt(
            Sentence("{file} was made for another version of {name}, or damaged.", file=path.name, name=name)
        ) from error
    loaded.weights_sha256 = str(record["sha256"])
    loaded.info = _trusted(loaded.info, record, path)
    return loaded


def build(name: str, config: dict[str, Any]) -> Any:
    """The untrained network of a method, for training and conformance.

    Raises:
        MethodError: ``unknown-method``, ``no-weights``.
    """
    kind = _class(name)
    if not kind.info.needs_weights:
        raise MethodError(
            "no-weights", Sentence("{name} has no network.", name=name), "Choose another method."
        )
    return kind.network(config)


def multiply_adds(name: str, config: dict[str, Any]) -> float | None:
    """Work of one fill with weights of this configuration; ``None`` where the method does not say.

    Raises:
        MethodError: ``unknown-method``.
    """
    counted = getattr(_class(name), "multiply_adds", None)
    try:
        return float(counted(config)) if counted else None
    except (KeyError, TypeError, ValueError):
        return None


def trained(name: str) -> bool:
    """Whether the method can be used as it stands: it needs no weights, or its own are there."""
    if not info(name).needs_weights:
        return True
    try:
        _find(name, None)
    except MethodError:
        return False
    return True


def fingerprint(name: str, weights: str | None = None) -> tuple[str, int, int] | None:
    """Changes whenever the weights file does: path, time and size; ``None`` for a method without weights.

    Raises:
        MethodError: ``unknown-method``, ``weights-missing``.
    """
    if not info(name).needs_weights:
        return None
    path = _find(name, weights)
    found = path.stat()
    return str(path), found.st_mtime_ns, found.st_size


def weights_file(name: str, weights: str | None = None) -> tuple[Path, dict[str, Any]]:
    """The weights file of a method, checked against the SHA-256 in the record beside it, and that record.

    Raises:
        MethodError: ``weights-missing``, ``weights-corrupt``.
    """
    path = _find(name, weights)
    try:
        record: dict[str, Any] = json.loads(path.with_suffix(".json").read_text("utf-8"))
        found = records.digest(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        unread = Sentence("The record of {file} cannot be read ({reason}).", file=path.name, reason=reason)
        raise _corrupt(unread) from None
    if record.get("sha256") != found:
        raise _corrupt(
            Sentence("{file} was damaged: its checksum is not the one in its record.", file=path.name)
        )
    if record.get("method") != name:
        made_for = str(record.get("method"))
        raise _corrupt(
            Sentence(
                "{file} was made for {other}, not for {name}.", file=path.name, other=made_for, name=name
            )
        )
    return path, record


# ------------------------------------------------------------------------------------------------ details


def _class(name: str) -> Any:
    try:
        module, _, attribute = _METHODS[name].partition(":")
    except KeyError:
        raise MethodError(
            "unknown-method",
            Sentence("There is no method “{name}”.", name=name),
            Sentence("There are: {names}.", names=", ".join(names())),
        ) from None
    return getattr(importlib.import_module(module), attribute)


def _trusted(described: MethodInfo, record: dict[str, Any], path: Path) -> MethodInfo:
    """With the detail step as the record wants it: how far a fill may be trusted is a matter of the weights."""
    guide = record.get("guide") or {}
    try:
        mode = guide.get("mode", described.guide_mode)
        weight = float(guide.get("weight", described.guide_weight))
    except (AttributeError, TypeError, ValueError):
        mode, weight = "", 0.0
    if mode not in GUIDE_MODES or not 0 <= weight <= 4:
        raise _corrupt(
            Sentence(
                "The record of {file} has a guide that is neither start nor grow with 0 to 4.", file=path.name
            )
        )
    return replace(described, guide_mode=mode, guide_weight=weight)


def _misfit(error: Exception) -> bool:
    """Whether this says that file, record and network do not fit each other: a device that fails says other things."""
    own = isinstance(error, (LookupError, TypeError, ValueError)) or type(error).__name__ == "SafetensorError"
    return own or (isinstance(error, RuntimeError) and "loading state_dict" in str(error))


def _find(name: str, weights: str | None) -> Path:
    wanted = weights or name
    if not wanted.replace("-", "").replace("_", "").replace(".", "").isalnum() or wanted.startswith("."):
        raise MethodError(
            "weights-missing",
            Sentence("“{name}” is no name of weights.", name=wanted),
            "Give the file's name without folder.",
        )
    for folder in (folders.weights(), *_bundled()):
        for path in (folder / f"{wanted}.safetensors", folder / name / f"{wanted}.safetensors"):
            if path.is_file():
                return path
    if weights is None:
        raise MethodError(
            "weights-missing",
            Sentence("{name} has no default weights yet.", name=name),
            "Import or train weights for it.",
        )
    raise MethodError(
        "weights-missing",
        Sentence(
            "The weights “{weights}” for {name} are not in {folder}.",
            weights=wanted,
            name=name,
            folder=str(folders.weights()),
        ),
        "Import or train them first.",
    )


def _bundled() -> list[Path]:
    from pluripaint import resources

    try:
        return [resources.bundled("assets/weights")]
    except FileNotFoundError:
        return []


def _corrupt(why: Sentence) -> MethodError:
    return MethodError("weights-corrupt", why, "Import the weights again.")
