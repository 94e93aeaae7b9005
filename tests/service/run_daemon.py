"""The real daemon with settings of the test's own (JSON as the only argument), such as another worker."""

from __future__ import annotations

import json
import sys

import later

from pluripaint.service import program
from pluripaint.service.limits import Settings
from pluripaint_client import protocol

given = json.loads(sys.argv[1])
limits = protocol.LIMITS._replace(**given.pop("limits", {}))
if "protocol_version" in given:
    later.speak(given.pop("protocol_version"))
sys.exit(program.run(Settings(limits=limits, **given)))
