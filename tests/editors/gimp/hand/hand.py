#!/usr/bin/python3
"""A remote hand inside GIMP for tests: prepares pictures and tells what is there. Never calls the plug-in's actions.

Installed as a plug-in of its own and started once as a batch command; GIMP's interface stays alive beside it. Listens
on a port, runs the Python it is sent and answers what ``answer`` holds as JSON. Talks to GIMP through the plug-in's
backend (reading) and through libgimp's own functions (preparing).
"""

import json
import os
import socket
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import inside
import layers
import pictures
import telling
from inside import GI, gimp
from pluripaint_gimp import backend

# What the code that is sent may name: everything that the parts define.
WORDS = {name: value for part in (inside, telling, pictures, layers) for name, value in vars(part).items()}


def said(code):
    """Runs code in names of its own."""
    names = dict(WORDS, answer=None)
    try:
        exec(code, names)
        return {"answer": names["answer"]}
    except BaseException:
        return {"error": traceback.format_exc()}


def run(_gimp, call):
    gimp.start_pixels()
    if not GI:
        inside.declare()
    with socket.create_server(("127.0.0.1", int(call.values["port"]))) as server:
        connection, _ = server.accept()
    with connection, connection.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            lines.write(json.dumps(said(json.loads(line))) + "\n")
            lines.flush()
    return ""


sys.exit(
    gimp.main(
        [
            backend.Procedure(
                "pluripaint-test-hand",
                "Hand",
                "for tests",
                run,
                (backend.Argument("port", "port", "string", ""),),
                needs_image=False,
                menu="",
            )
        ]
    )
)
