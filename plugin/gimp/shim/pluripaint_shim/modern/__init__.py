"""2.10 procedures made of several calls of GIMP 3."""

from . import (  # noqa: F401
    colouring,
    drawing,
    files,
    paths,
    pictures,
    procedures,
    profiles,
    resources,
    selecting,
    texts,
    transforming,
)
from .names import KNOWN

__all__ = ["KNOWN"]
