"""Values that outlive a run of a script, while GIMP runs: ``gimpshelf.shelf[key] = value``."""

import pickle

import gimp


class Gimpshelf:
    """A dictionary kept by GIMP."""

    def has_key(self, key):
        try:
            return bool(gimp.get_data(key))
        except gimp.error:
            return False

    __contains__ = has_key

    def __getitem__(self, key):
        if not self.has_key(key):
            raise KeyError(key)
        return pickle.loads(gimp.get_data(key))

    def __setitem__(self, key, value):
        gimp.set_data(key, pickle.dumps(value))

    def __delitem__(self, key):
        gimp.set_data(key, b"")


shelf = Gimpshelf()
