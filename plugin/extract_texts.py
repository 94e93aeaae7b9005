#!/usr/bin/env python3
"""Writes what there is to translate to ``pluripaint_client/locale/pluripaint.pot``; needs Babel (extra ``test``).

    python3 plugin/extract_texts.py

Translators copy that file to ``LANGUAGE.po`` and compile it to ``locale/LANGUAGE/LC_MESSAGES/pluripaint.mo``, for
example with ``pybabel compile``.
"""

from __future__ import annotations

import ast
import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

CHECKOUT = Path(__file__).resolve().parents[1]
TEMPLATE = CHECKOUT / "plugin" / "pluripaint_client" / "locale" / "pluripaint.pot"

MARKED = ("plugin/gimp/pluripaint_gimp", "plugin/krita/pluripaint_krita", "plugin/pluripaint_client")
"""Folders whose texts stand in ``_`` or ``ngettext``."""
SPOKEN = (
    *("daemon/pluripaint/service", "daemon/pluripaint/pipeline", "daemon/pluripaint/methods"),
    *("plugin/pluripaint_client/protocol.py", "plugin/pluripaint_client/messages.py"),
)
"""What the daemon says to editors, looked up where it is shown: constants and, with values in them, ``Sentence``."""
ACTIONS = "plugin/krita/actions/pluripaint_krita.action"

_SAYING = {
    **dict.fromkeys(("FillError", "MethodError", "ProtocolError"), slice(1, 3)),
    **dict.fromkeys(("Failed", "_fail"), slice(2, 4)),
    "DaemonError": slice(0, 2),
    "note": slice(0, 1),
    "_corrupt": slice(0, 1),
    "cannot_start": slice(0, 1),
}
"""Calls and which of their arguments are sentences for people."""
_MADE = ("Sentence", "sentence", "death")
"""Calls that give a ``Sentence``, or what came over the wire."""
_FIELDS = ("sentence", "next", "next_step", "title", "note")
"""Keywords and keys of messages that carry such sentences."""


class Text(NamedTuple):
    """``message`` is the text, or both forms of a counted one; ``line`` of the file it stands in."""

    message: str | tuple[str, str]
    file: str
    line: int


def marked(file: str, tree: ast.AST) -> Iterator[Text]:
    """Texts in calls of ``_`` and ``ngettext``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        words = [argument.value for argument in node.args if _is_text(argument)]
        if node.func.id == "_" and len(words) == 1:
            yield Text(words[0], file, node.lineno)
        elif node.func.id == "ngettext" and len(words) == 2:
            yield Text((words[0], words[1]), file, node.lineno)


def spoken(file: str, tree: ast.AST) -> Iterator[Text]:
    """The daemon's sentences: arguments of errors, fields of messages, module constants, templates."""
    for node in ast.walk(tree):
        found = _said(node)
        if _called(node) == "Sentence" and isinstance(node, ast.Call):
            found += node.args[:1]
        elif isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets):
            found += [node.value] if getattr(node.targets[0], "id", "").isupper() else []
        for value in found:
            if _is_text(value) and " " in value.value:
                yield Text(value.value, file, value.lineno)


def unlooked() -> Iterator[str]:
    """``file:line`` of sentences of the daemon's that are put together in a way that no catalogue can follow."""
    for file in _files(SPOKEN):
        tree = ast.parse(file.read_text("utf-8"))
        assigned: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    assigned.setdefault(getattr(target, "id", ""), []).append(node.value)
        for node in ast.walk(tree):
            for value in _said(node):
                if not _can_be_looked_up(value, assigned):
                    yield f"{file.relative_to(CHECKOUT).as_posix()}:{value.lineno}"


def _can_be_looked_up(value: ast.expr, assigned: dict[str, list[ast.expr]]) -> bool:
    """A constant, a ``Sentence`` or what somebody else made; a name is followed to whatever it stands for."""
    if isinstance(value, ast.IfExp):
        return all(_can_be_looked_up(part, assigned) for part in (value.body, value.orelse))
    if isinstance(value, ast.Name):
        return all(_can_be_looked_up(one, {}) for one in assigned.get(value.id, []))
    return isinstance(value, (ast.Constant, ast.Attribute, ast.Subscript)) or _called(value) in _MADE


def _said(node: ast.AST) -> list[ast.expr]:
    """Expressions that a call or a message hands on as sentences for people."""
    if isinstance(node, ast.Call):
        found = [keyword.value for keyword in node.keywords if keyword.arg in _FIELDS]
        return found + node.args[_SAYING.get(_called(node), slice(0, 0))]
    if isinstance(node, ast.Dict):
        keys = (getattr(key, "value", None) for key in node.keys)
        return [value for key, value in zip(keys, node.values) if key in _FIELDS]
    return []


def _called(node: ast.AST) -> str:
    """Name of the function or class that is called, or nothing."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _files(places: Iterable[str]) -> Iterator[Path]:
    for place in places:
        path = CHECKOUT / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def actions(file: str) -> Iterator[Text]:
    """Menu entries and tool tips of Krita's action file."""
    for element in ElementTree.parse(CHECKOUT / file).iter():
        if element.tag in ("text", "toolTip") and element.text:
            yield Text(element.text, file, 0)


def texts() -> Iterator[Text]:
    """Everything there is to translate, in the order of files and lines."""
    for places, read in ((MARKED, marked), (SPOKEN, spoken)):
        for file in _files(places):
            name = file.relative_to(CHECKOUT).as_posix()
            yield from sorted(read(name, ast.parse(file.read_text("utf-8"))), key=lambda text: text.line)
    yield from actions(ACTIONS)


def template() -> bytes:
    """The POT file. It names files without lines, so that it changes only with the texts."""
    catalog = Catalog(domain="pluripaint", project="pluripaint", copyright_holder="pluripaint's authors")
    for text in texts():
        catalog.add(text.message, locations=[(text.file, 0)])
    out = io.BytesIO()
    write_po(out, catalog, width=100, omit_header=True, include_lineno=False)
    return HEADER + out.getvalue()


HEADER = b"""# What pluripaint says in GIMP and Krita. Made by plugin/extract_texts.py; the licence is pluripaint's.
msgid ""
msgstr ""
"Project-Id-Version: pluripaint\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def main() -> None:
    """Write the template by rename."""
    TEMPLATE.parent.mkdir(exist_ok=True)
    partial = TEMPLATE.with_name(f".{TEMPLATE.name}.part")
    partial.write_bytes(template())
    partial.replace(TEMPLATE)
    print(f"{TEMPLATE.relative_to(CHECKOUT)}: {len({text.message for text in texts()})} texts")


if __name__ == "__main__":
    main()
