"""8-bit pixels as pygimp hands them out: regions, tiles, fetchers.

Single pixels go through blocks of 64 × 64 that are read once and written back when anything else looks at the pixels;
whole slices go straight through.
"""

from __future__ import annotations

from .pdb import before_calls
from .values import Pixels, Whole, as_bytes
from .which_gimp import find

SIDE = 64
_blocks: dict = {}


class Blocks:
    """The blocks of one drawable (or its shadow)."""

    def __init__(self, drawable, shadow):
        self.number, self.shadow = int(drawable.ID), bool(shadow)
        self.width, self.height, self.bpp = int(drawable.width), int(drawable.height), int(drawable.bpp)
        self._read: dict = {}
        self._changed: set = set()

    def box(self, row, col):
        """x, y, width and height of a block."""
        x, y = col * SIDE, row * SIDE
        if row < 0 or col < 0 or x >= self.width or y >= self.height:
            raise IndexError("there is no such tile")
        return x, y, min(SIDE, self.width - x), min(SIDE, self.height - y)

    def data(self, row, col):
        """The bytes of a block; what is written into them comes into the picture after ``change``."""
        if (row, col) not in self._read:
            self._read[row, col] = bytearray(find().read(self.number, self.shadow, self.box(row, col)))
        return self._read[row, col]

    def change(self, row, col):
        self._changed.add((row, col))

    def _place(self, x, y):
        if not (0 <= x < self.width and 0 <= y < self.height):
            raise IndexError("the pixel lies outside the drawable")
        row, col = y // SIDE, x // SIDE
        start = ((y % SIDE) * min(SIDE, self.width - col * SIDE) + x % SIDE) * self.bpp
        return row, col, start

    def pixel(self, x, y):
        row, col, start = self._place(x, y)
        return Pixels(self.data(row, col)[start : start + self.bpp])

    def set_pixel(self, x, y, value):
        row, col, start = self._place(x, y)
        if len(value) != self.bpp:
            raise TypeError(f"a pixel of this drawable has {self.bpp} bytes, got {len(value)}")
        self.data(row, col)[start : start + self.bpp] = value
        self.change(row, col)

    def write_back(self):
        for row, col in self._changed:
            find().write(self.number, self.shadow, self.box(row, col), bytes(self._read[row, col]))


def block(drawable, shadow):
    """The blocks of a drawable, opened once."""
    key = (int(drawable.ID), bool(shadow))
    if key not in _blocks:
        _blocks[key] = Blocks(drawable, shadow)
    return _blocks[key]


def settle() -> None:
    """Writes what was changed and forgets what was read: something else is about to look at or change pixels."""
    for one in list(_blocks.values()):
        one.write_back()
    _blocks.clear()


before_calls(settle)


class PixelRgn:
    """A region of a drawable. ``region[x, y]`` or ``region[x1:x2, y1:y2]`` in the drawable's coordinates: bytes."""

    def __init__(self, drawable, x, y, width, height, dirty=True, shadow=False):
        self.drawable, self.dirty, self.shadow = drawable, Whole(bool(dirty)), Whole(bool(shadow))
        self.bpp = drawable.bpp
        self._number, self._right, self._bottom = int(drawable.ID), int(drawable.width), int(drawable.height)
        self.resize(x, y, width, height)

    def resize(self, x, y, width, height):
        self.x, self.y, self.w, self.h = (Whole(int(part)) for part in (x, y, width, height))
        self.rowstride = Whole(self.bpp * self.w)

    def _span(self, key, start, size):
        """First and end along one side; the second value says whether it was a slice."""
        if isinstance(key, slice):
            first = start if key.start is None else int(key.start)
            end = start + size if key.stop is None else int(key.stop)
            if key.step not in (None, 1):
                raise TypeError("steps are not possible in a pixel region")
        else:
            first, end = int(key), int(key) + 1
        if first < start or end > start + size or end < first:
            raise IndexError("the index lies outside the pixel region")
        return int(first), int(end)

    def _box(self, key):
        if not isinstance(key, tuple) or len(key) != 2:
            raise TypeError("a pixel region takes two indices")
        x1, x2 = self._span(key[0], self.x, self.w)
        y1, y2 = self._span(key[1], self.y, self.h)
        return x1, y1, x2 - x1, y2 - y1

    def __getitem__(self, key):
        box = self._box(key)
        if box[2] == box[3] == 1 and box[0] < self._right and box[1] < self._bottom:
            return block(self.drawable, self.shadow).pixel(box[0], box[1])
        settle()
        return Pixels(find().read(self._number, bool(self.shadow), box))

    def __setitem__(self, key, value):
        box, data = self._box(key), as_bytes(value)
        if len(data) != box[2] * box[3] * self.bpp:
            raise TypeError(
                f"{box[2]} × {box[3]} pixels need {box[2] * box[3] * self.bpp} bytes, got {len(data)}"
            )
        if box[2] == box[3] == 1:
            block(self.drawable, self.shadow).set_pixel(box[0], box[1], data)
        else:
            settle()
            find().write(self._number, bool(self.shadow), box, data)

    def __len__(self):
        raise TypeError("a pixel region has no length")

    def __repr__(self):
        return f"<gimp.PixelRgn for drawable {self.drawable.name}>"


class Tile:
    """64 × 64 pixels (fewer at the right and lower edge); ``tile[x, y]``, ``tile[number]``: the bytes of a pixel."""

    def __init__(self, drawable, shadow, row, col):
        self.drawable, self.shadow = drawable, Whole(bool(shadow))
        self._row, self._col = int(row), int(col)
        blocks = block(drawable, shadow)
        box = blocks.box(self._row, self._col)
        self._x, self._y = box[:2]
        self.ewidth, self.eheight, self.bpp = Whole(box[2]), Whole(box[3]), Whole(blocks.bpp)
        self.tile_num = Whole(self._row * -(-blocks.width // SIDE) + self._col)
        self.dirty = Whole(0)

    def _place(self, key):
        x, y = key if isinstance(key, tuple) else (int(key) % self.ewidth, int(key) // self.ewidth)
        x, y = int(x), int(y)
        if not (0 <= x < self.ewidth and 0 <= y < self.eheight):
            raise IndexError("the index lies outside the tile")
        return self._x + x, self._y + y

    def __getitem__(self, key):
        return block(self.drawable, self.shadow).pixel(*self._place(key))

    def __setitem__(self, key, value):
        block(self.drawable, self.shadow).set_pixel(*self._place(key), as_bytes(value))
        self.dirty = Whole(1)

    def __len__(self):
        return self.ewidth * self.eheight

    def flush(self):
        settle()
        self.dirty = Whole(0)


def tile(drawable, shadow, row, col):
    """A tile by its row and column."""
    return Tile(drawable, shadow, row, col)


class PixelFetcher:
    """Single pixels anywhere; what lies outside follows ``edge_mode``."""

    def __init__(self, drawable, dirty=True, shadow=False, bg_color=(0, 0, 0), edge_mode=0):
        self._drawable, self._shadow = drawable, bool(shadow)
        self.bg_color, self.edge_mode = bg_color, edge_mode

    def _inside(self, x, y):
        blocks = block(self._drawable, self._shadow)
        x, y = int(x), int(y)
        if self.edge_mode == 1:  # wrap
            return blocks, x % blocks.width, y % blocks.height
        if self.edge_mode == 2:  # smear
            return blocks, min(max(x, 0), blocks.width - 1), min(max(y, 0), blocks.height - 1)
        return blocks, x, y

    def get_pixel(self, x, y):
        blocks, x, y = self._inside(x, y)
        if 0 <= x < blocks.width and 0 <= y < blocks.height:
            return blocks.pixel(x, y)
        if self.edge_mode == 4:  # background
            from .colours import rgb

            return bytes((*tuple(rgb(self.bg_color))[:3], 255))[: blocks.bpp]
        return bytes(blocks.bpp)

    def put_pixel(self, x, y, color):
        blocks, x, y = self._inside(x, y)
        blocks.set_pixel(x, y, as_bytes(color))

    def __getitem__(self, key):
        return self.get_pixel(*key)

    def __setitem__(self, key, value):
        self.put_pixel(*key, value)
