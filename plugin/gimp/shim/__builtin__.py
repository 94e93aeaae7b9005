"""``builtins`` by the name it had in Python 2."""

import builtins
import sys

sys.modules[__name__] = builtins
