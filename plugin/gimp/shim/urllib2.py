"""``urllib.request`` by the name it had in Python 2."""

import sys
from urllib import request

sys.modules[__name__] = request
