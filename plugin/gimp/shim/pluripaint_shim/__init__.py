"""What stands behind ``gimpfu``, ``gimp``, ``gimpenums``, ``gimpcolor``, ``gimpshelf``: 2.10's Python on both GIMPs.

``port`` is the one door to GIMP (``port_ctypes`` for 2.10, ``port_gi`` for 3.0 and later). Everything above it speaks
in the procedures of GIMP 2.10; for GIMP 3 ``modern`` and its tables turn a call into what became of it.
"""
