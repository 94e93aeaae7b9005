#!/usr/bin/env python
# An image without a drawable of it, from the menus of GIMP's lists; settings are read as in Python 2.
import ConfigParser
import StringIO
from gimpfu import *


def count(image, words):
    parser = ConfigParser.SafeConfigParser()
    parser.readfp(StringIO.StringIO("[count]\nstep = 3\n"))
    return len(image.layers) * parser.getint("count", "step") + len(words.split())


for name, menu in (("python_fu_shim_count", "<Layers>/Shim"), ("python_fu_shim_count_too", "<Vectors>")):
    register(
        name, "Counts", "", "", "", "2026", "Count", "*",
        [(PF_IMAGE, "image", "", None), (PF_STRING, "words", "", "one two")], [(PF_INT, "count", "")],
        count, menu=menu)

main()
