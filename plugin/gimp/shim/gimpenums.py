"""The constants of GIMP 2.10 for gimpfu scripts."""

from pluripaint_shim.enums import constants
from pluripaint_shim.values import Whole

_found = {name: Whole(value) if isinstance(value, int) else value for name, value in constants().items()}
globals().update(_found)
TRUE, FALSE = 1, 0
__all__ = [*_found, "FALSE", "TRUE"]
