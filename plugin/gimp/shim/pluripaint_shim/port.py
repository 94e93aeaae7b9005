"""The door to GIMP, as ``port_ctypes`` (2.10) and ``port_gi`` (3.0 and later) open it.

Above the door everything is 2.10's: procedure names, argument order, enumeration numbers. Values are plain: numbers for
images, items and displays (-1: none), ``int``, ``float``, ``str`` or ``None``, ``bytes``, lists, ``(r, g, b, a)``
of 0…1 as sRGB encodes them, and ``(name, flags, data)`` for parasites.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

# The types of procedure arguments as 2.10 numbers them.
KINDS = {
    "int": 0,
    "int16": 1,
    "int8": 2,
    "float": 3,
    "string": 4,
    "ints": 5,
    "int16s": 6,
    "bytes": 7,
    "floats": 8,
    "strings": 9,
    "color": 10,
    "item": 11,
    "display": 12,
    "image": 13,
    "layer": 14,
    "channel": 15,
    "drawable": 16,
    "selection": 17,
    "colors": 18,
    "vectors": 19,
    "parasite": 20,
    "status": 21,
}
NUMBERS = {number: kind for kind, number in KINDS.items()}
ARRAYS = ("ints", "int16s", "bytes", "floats", "strings", "colors")
ITEMS = ("item", "layer", "channel", "drawable", "selection", "vectors")


@dataclass(frozen=True)
class Signature:
    """What a procedure takes and gives: (name, kind) each, ``run-mode`` included."""

    name: str
    arguments: Sequence[tuple[str, str]]
    results: Sequence[tuple[str, str]]
    texts: Sequence[str] = ("", "", "", "", "")  # blurb, help, author, copyright, date

    @property
    def has_run_mode(self) -> bool:
        return bool(self.arguments) and self.arguments[0][0] == "run-mode"


@dataclass
class Installed:
    """A procedure of ours: PDB name, texts, menu, and its arguments as (kind, name, text, default)."""

    name: str
    blurb: str
    help: str
    author: str
    copyright: str
    date: str
    label: str
    image_types: str
    arguments: Sequence[tuple[str, str, str, Any]]
    results: Sequence[tuple[str, str, str]]
    menus: list[str] = field(default_factory=list)
    kind: int = 1  # PLUGIN
    load: tuple | None = None  # extensions, prefixes, magics
    save: tuple | None = None  # extensions, prefixes
    mime: str = ""


class Failed(RuntimeError):
    """A procedure failed; the message is GIMP's."""


class Port(ABC):
    """GIMP."""

    series = ""

    @abstractmethod
    def signature(self, name: str) -> Signature | None:
        """The procedure of that name with dashes; ``None`` when there is none here."""

    @abstractmethod
    def names(self) -> list[str]:
        """Every name that ``call`` knows."""

    @abstractmethod
    def call(self, name: str, values: Sequence[Any], run_mode: int = 1) -> list[Any]:
        """Runs a procedure; ``values`` without the run mode, which is put in front where one is taken.

        Raises:
            Failed: GIMP refused.
            NameError: there is no such procedure.
        """

    @abstractmethod
    def read(self, drawable: int, shadow: bool, box: tuple) -> bytes:
        """8-bit rows of ``box`` (x, y, width, height in the drawable): R'G'B', Y' or indices, alpha if there is one."""

    @abstractmethod
    def write(self, drawable: int, shadow: bool, box: tuple, data: bytes) -> None:
        """The opposite of ``read``. Call ``update`` when all is written."""

    @abstractmethod
    def flush(self, drawable: int) -> None:
        """Hands written pixels over to GIMP."""

    @abstractmethod
    def kind(self, item: int) -> str:
        """``layer``, ``group``, ``mask``, ``channel``, ``selection``, ``vectors`` or ``""`` for none."""

    @abstractmethod
    def directories(self) -> dict[str, str]:
        """``directory``, ``data_directory``, ``locale_directory``, ``sysconf_directory``, ``plug_in_directory``."""

    @abstractmethod
    def version(self) -> tuple[int, int, int]: ...

    @abstractmethod
    def data(self, key: str) -> bytes | None:
        """What a plug-in of this GIMP session stored under ``key``."""

    @abstractmethod
    def set_data(self, key: str, data: bytes) -> None: ...

    @abstractmethod
    def resource_names(self, kind: str) -> list[str]:
        """The names of all ``font``, ``brush``, ``pattern``, ``gradient`` or ``palette``."""

    @abstractmethod
    def prepare_window(self) -> None:
        """Before the first GTK window."""

    @abstractmethod
    def adopt_window(self, window: Any) -> None:
        """Makes a GTK window belong to GIMP's, where GIMP offers that."""

    @abstractmethod
    def main(self, query: Callable[[], list[Installed]], run: Callable[[str, list], list]) -> int:
        """Answers GIMP. ``run`` gets name and plain values with the run mode and returns plain results.

        It raises ``Cancelled`` when the person did.
        """


class Cancelled(Exception):
    """The person cancelled."""
