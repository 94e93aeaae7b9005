"""PyGTK's version chooser: there is one GTK 2 left, and ``gtk`` beside this says what it cannot do."""


def require(_version):
    """Any version will do."""
