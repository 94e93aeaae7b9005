"""Several different fills of a hole in a photograph.

``pipeline.fill`` is the one way from a photograph to fills; ``service`` runs it for editors, ``cli`` for the
command line. Read ``pipeline/__init__.py`` first.
"""

__version__ = "0.1.0"
