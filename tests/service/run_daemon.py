"""The real daemon with settings of the test's own (JSON as the only argument), such as another worker."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import later

from pluripaint.service import program
from pluripaint.service.limits import Settings
from pluripaint_client import protocol

given = json.loads(sys.argv[1])
limits = protocol.LIMITS._replace(**given.pop("limits", {}))
if "protocol_version" in given:
    later.speak(given.pop("protocol_version"))
if "seconds_to_die" in given:
    # As a process that waits for a driver in the kernel does: the signal counts once it returns.
    kill, seconds = subprocess.Popen.kill, given.pop("seconds_to_die")

    def later_killed(process: subprocess.Popen) -> None:
        timer = threading.Timer(seconds, kill, [process])
        timer.daemon = True
        timer.start()

    subprocess.Popen.kill = later_killed
sys.exit(program.run(Settings(limits=limits, **given)))
