"""``queue`` by the name it had in Python 2."""

import queue
import sys

sys.modules[__name__] = queue
