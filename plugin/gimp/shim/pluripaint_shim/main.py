"""Being a plug-in: what a script installs while it is asked, and how it is run."""

from __future__ import annotations

import sys

from . import python2
from .pdb import _settle, answers_here, from_plain, to_plain
from .port import KINDS, NUMBERS, Installed
from .which_gimp import find

_installed: list[Installed] = []


def main(init_func=None, quit_func=None, query_func=None, run_func=None):
    """Answers GIMP and ends: ``query_func()`` installs procedures, ``run_func(name, params)`` runs one."""
    port = find()

    def query():
        _installed.clear()
        query_func()
        return _installed

    def run(name, plain):
        query_when_needed()
        one = next((one for one in _installed if one.name == name), None)
        kinds = [kind for kind, _, _, _ in one.arguments] if one else []
        if one is None:
            found = port.signature(name)
            kinds = [kind for _, kind in found.arguments] if found else []
        params = tuple(from_plain(kind, value) for kind, value in zip(kinds, plain))
        answer = run_func(name, params)
        for function in _settle:
            function()
        return _results(one.results if one else (), answer)

    def query_when_needed():
        if not _installed:
            query()

    if len(sys.argv) < 2 or sys.argv[1] != "-gimp":
        raise SystemExit("This is a plug-in of GIMP and has to be run by GIMP.")
    python2.help_script(vars(sys.modules["__main__"]))
    sys.exit(port.main(query, run))


def _results(results, answer):
    """A function's answer as plain values of the procedure's results."""
    values = answer if isinstance(answer, tuple) and len(results) != 1 else (answer,)
    return [to_plain(kind, value, name) for (kind, name, _), value in zip(results, values)]


def install_procedure(name, blurb, help, author, copyright, date, label, imagetypes, type, params, ret_vals):
    """Registers a procedure. ``params``: (kind, name, text[, default]); ``ret_vals``: (kind, name, text)."""
    arguments = []
    for entry in params:
        default = entry[3] if len(entry) > 3 else None
        arguments.append((NUMBERS[int(entry[0])], _canonical(entry[1]), entry[2] or "", default))
    results = [(NUMBERS[int(kind)], _canonical(text), more or "") for kind, text, more in ret_vals]
    menus = []
    if label and "/" in label and label.startswith("<"):
        place, label = label.rsplit("/", 1)
        menus.append(place)
    one = Installed(
        _canonical(name), blurb or "", help or "", author or "", copyright or "", date or "", label,
        imagetypes, arguments, results, menus, int(type),
    )  # fmt: skip
    _installed.append(one)


def _canonical(name: str) -> str:
    return name.replace("_", "-")


def _named(name: str) -> Installed:
    for one in _installed:
        if one.name == _canonical(name):
            return one
    raise ValueError(f"“{name}” is not installed")


@answers_here("gimp-plugin-menu-register")
def menu_register(procedure_name, menu_path):
    """Puts a procedure into a menu."""
    _named(procedure_name).menus.append(menu_path)


@answers_here("gimp-plugin-domain-register")
def domain_register(domain_name, domain_path=None):
    """Scripts carry translated texts already: there is nothing to register."""


@answers_here("gimp-register-load-handler")
def register_load_handler(procedure_name, extensions, prefixes):
    """The procedure opens files with these extensions."""
    _named(procedure_name).load = (extensions, prefixes or "", "")


@answers_here("gimp-register-magic-load-handler")
def register_magic_load_handler(procedure_name, extensions, prefixes, magics):
    """The procedure opens files with these extensions or first bytes."""
    _named(procedure_name).load = (extensions, prefixes or "", magics or "")


@answers_here("gimp-register-save-handler")
def register_save_handler(procedure_name, extensions, prefixes):
    """The procedure writes files with these extensions."""
    _named(procedure_name).save = (extensions, prefixes or "")


@answers_here("gimp-register-file-handler-mime")
def register_file_handler_mime(procedure_name, mime):
    """The media type of the files that the procedure opens or writes."""
    _named(procedure_name).mime = mime


@answers_here(
    "gimp-register-thumbnail-loader", "gimp-register-file-handler-uri", "gimp-register-file-handler-raw"
)
def no_more_is_needed(*_values):
    """Thumbnails are made of the picture, and files come as paths."""


def quit():
    """Ends the plug-in."""
    sys.exit(0)


def exit(force=False):
    """Ends the plug-in."""
    sys.exit(0)


__all__ = ["KINDS", "main"]
