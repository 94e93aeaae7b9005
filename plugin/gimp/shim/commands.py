"""Python 2's ``commands``: its functions are in ``subprocess`` now."""

import subprocess
import sys

sys.modules[__name__] = subprocess
