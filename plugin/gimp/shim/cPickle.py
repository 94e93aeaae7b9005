"""``pickle`` by the name it had in Python 2."""

import pickle
import sys

sys.modules[__name__] = pickle
