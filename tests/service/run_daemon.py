"""The real daemon with settings of the test's own (JSON as the only argument), such as another worker."""

from __future__ import annotations

import json
import sys

from pluripaint.service import program
from pluripaint.service.limits import Settings
from pluripaint_client.protocol import LIMITS

given = json.loads(sys.argv[1])
limits = LIMITS._replace(**given.pop("limits", {}))
sys.exit(program.run(Settings(limits=limits, **given)))
