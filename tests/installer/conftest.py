"""Puts the installer's own folder, which is no package of the wheel, where these tests can import it."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "installer"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

# Needs root and mmdebstrap; CI sets this.
collect_ignore = [] if os.environ.get("PLURIPAINT_BARE_MACHINE") else ["test_bare_machine.py"]
