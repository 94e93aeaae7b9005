"""The published inpainting stacks, one folder each.

Goes in: a :class:`~pluripaint.methods.base.Scene` and seeds. Comes out: one
:class:`~pluripaint.methods.base.Fill` a seed. Open ``base.py`` first, then ``registry.py``, which names them
all.
"""
