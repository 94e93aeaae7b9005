"""``StringIO`` by the name it had in Python 2."""

import sys

import StringIO

sys.modules[__name__] = StringIO
