#!/usr/bin/env python3
"""pluripaint in GIMP: Filters → Inpaint. Everything lies in the packages beside this file."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from pluripaint_gimp import actions, which_gimp

sys.exit(which_gimp.find().main(actions.PROCEDURES))
