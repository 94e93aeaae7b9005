"""Puts the installer's own folder, which is no package of the wheel, where these tests can import it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "installer"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
