"""``urllib.parse`` by the name it had in Python 2."""

import sys
from urllib import parse

sys.modules[__name__] = parse
