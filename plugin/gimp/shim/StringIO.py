"""``io.StringIO`` where Python 2 had it; bytes may be written too."""

import io


class StringIO(io.StringIO):
    """Text in memory."""

    def write(self, text):
        return super().write(text.decode("latin-1") if isinstance(text, bytes) else text)
