"""What install.py needs: from a checkout and the user's folders to a proved, running installation, or back.

Open ``installation.py`` first: it is the transaction, step by step. Standard library only; the package that
is being installed is never imported, only run."""
