"""2.10 procedures made of several calls of GIMP 3."""

from . import colouring, drawing, files, pictures, procedures, resources, selecting, texts, transforming  # noqa: F401
from .names import KNOWN

__all__ = ["KNOWN"]
