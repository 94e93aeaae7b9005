"""The plug-in's side: standard library only, copied beside each editor's plug-in.

Goes in: a region's pixels and masks as raw rows. Comes out: events of a job, fills as raw rows.
Open ``client.py`` first, then ``PROTOCOL.md``.
"""
