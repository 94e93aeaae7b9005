"""A remote hand inside Krita for tests: prepares documents and tells what is there. Never part of the product.

Runs Python sent over 127.0.0.1 in Krita's main thread, polled by a timer so that it runs like any slot. Answers
with JSON of what the code left in ``answer``, or with the traceback.
"""

import json
import os
import socket
import traceback

from PyQt5 import QtCore, QtGui, QtWidgets
from PyQt5.QtCore import QByteArray, QTimer

from krita import Extension, Krita, Selection

__all__ = ["QByteArray", "QtCore", "QtGui", "Selection"]
"""For the code that is sent."""


def every(node):
    """All nodes below one, bottom to top."""
    for child in node.childNodes():
        yield child
        yield from every(child)


def tree(document):
    """(depth, name, type, visible, unique id) of every node."""
    found = []

    def walk(node, depth):
        for child in node.childNodes():
            found.append([depth, child.name(), child.type(), child.visible(), child.uniqueId().toString()])
            walk(child, depth + 1)

    walk(document.rootNode(), 0)
    return found


def undo_entries():
    """Krita's undo history, the first being the state that was opened, and the row it is at."""
    for view in Krita.instance().activeWindow().qwindow().findChildren(QtWidgets.QListView):
        if view.metaObject().className() == "KisUndoView":
            model = view.model()
            return [model.index(row, 0).data() for row in range(model.rowCount())]
    return None


def widget(name):
    """A widget of the plug-in's docker by its name."""
    return Krita.instance().activeWindow().qwindow().findChild(QtWidgets.QWidget, name)


def script_errors():
    """What Krita has said of exceptions that no Python code caught; its dialogs are closed."""
    dialogs = [w for w in QtWidgets.QApplication.topLevelWidgets() if type(w).__name__ == "ExceptHookDialog"]
    said = [dialog.ui.tracebackBrowser.toPlainText() for dialog in dialogs if dialog.isVisible()]
    for dialog in dialogs:
        dialog.close()
    return said


class Hand(Extension):
    def setup(self):
        self.server = socket.create_server(("127.0.0.1", int(os.environ["PLURIPAINT_TEST_HAND"])))
        self.server.setblocking(False)
        self.names = {"app": Krita.instance(), **globals()}
        self.timer = QTimer()
        self.timer.timeout.connect(self.poll)
        self.timer.start(15)

    def createActions(self, window):  # noqa: N802
        pass

    def poll(self):
        try:
            connection, _ = self.server.accept()
        except BlockingIOError:
            return
        with connection:
            connection.setblocking(True)
            code = b""
            while part := connection.recv(65536):
                code += part
            self.names["answer"] = None
            try:
                exec(code.decode(), self.names)
                said = {"answer": self.names["answer"]}
            except BaseException:
                said = {"error": traceback.format_exc()}
            connection.sendall(json.dumps(said).encode())


Krita.instance().addExtension(Hand(Krita.instance()))
