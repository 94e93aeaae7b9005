"""Asking the procedure database itself."""

from __future__ import annotations

import re

from gi.repository import Gimp

from ..port import KINDS
from .names import known


@known("gimp-procedural-db-proc-exists")
def exists(port, name):
    return int(port.signature(name) is not None)


@known("gimp-procedural-db-query")
def query(port, *patterns):
    found = [name for name in port.names() if re.search(patterns[0] or ".*", name)]
    return len(found), found


@known("gimp-procedural-db-proc-info")
def info(port, name):
    found = port.signature(name)
    procedure = Gimp.get_pdb().lookup_procedure(name)
    texts = ("", "", "", "", "")
    if procedure:
        ask = ("blurb", "help", "authors", "copyright", "date")
        texts = tuple(getattr(procedure, f"get_{one}")() or "" for one in ask)
    kind = int(procedure.get_proc_type()) if procedure else 0
    return (*texts, kind, len(found.arguments), len(found.results))


@known("gimp-procedural-db-proc-arg")
def argument(port, name, k):
    title, kind = port.signature(name).arguments[k]
    return KINDS[kind], title, title


@known("gimp-procedural-db-proc-val")
def value(port, name, k):
    title, kind = port.signature(name).results[k]
    return KINDS[kind], title, title


@known("gimp-procedural-db-get-data")
def get_data(port, key):
    data = port.data(key) or b""
    return len(data), data


@known("gimp-procedural-db-get-data-size")
def data_size(port, key):
    return len(port.data(key) or b"")


@known("gimp-procedural-db-set-data")
def set_data(port, key, count, data):
    port.set_data(key, bytes(data[:count]))


@known("gimp-plugin-get-pdb-error-handler")
def error_handler(_port):
    return 0  # PDB_ERROR_HANDLER_INTERNAL, which is what 2.10 says of every script


@known("gimp-plugin-precision-enabled")
def precision_enabled(_port):
    return 1


@known("gimp-procedural-db-dump")
def dump(port, filename):
    """The names of all procedures with what they take and give, one a line."""
    with open(filename, "w", encoding="utf-8") as file:
        for name in port.names():
            found = port.signature(name)
            if found:
                takes, gives = (
                    ", ".join(f"{title}:{kind}" for title, kind in one)
                    for one in (found.arguments, found.results)
                )
                file.write(f"{name}\t{takes}\t{gives}\n")
