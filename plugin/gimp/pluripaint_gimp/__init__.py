"""Filters → Inpaint in GIMP: what one menu entry does, on one small backend for GIMP 2.10 and GIMP 3.

Goes in: an image, its active layer, its selection. Comes out: a group of layers in one undo step.
Open ``actions.py`` first, then ``backend.py``.
"""
