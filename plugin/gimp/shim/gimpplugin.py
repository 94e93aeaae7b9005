"""The class on which plug-ins without ``gimpfu`` stand: ``query`` installs, a method of the procedure's name runs."""

import gimp


class plugin:  # noqa: N801 - the name scripts know
    """Override ``query`` and one method for each procedure (``_`` for ``-``)."""

    def start(self):
        gimp.main(self.init, self.quit, self.query, self._run)

    def init(self):
        """Runs when GIMP starts."""

    def quit(self):
        """Runs when GIMP ends."""

    def query(self):
        """Installs the procedures."""

    def _run(self, name, params):
        method = getattr(self, name.replace("-", "_"), None)
        if method is None:
            raise AttributeError(name)
        return method(*params)
