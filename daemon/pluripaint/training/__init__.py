"""One training loop for all methods.

Goes in: photographs (a folder, or tar shards with ``index.jsonl``), a network and a method's stages. Comes out:
checkpoints, a metrics file and, once all parts are there, weights with their record. Open ``loop.py`` first, then
``stage.py`` (what a method provides), ``photos.py``, ``masks.py`` and ``batches.py`` (where its images come from).
What was tried and what it did is in ``NOTES.md``.
"""
