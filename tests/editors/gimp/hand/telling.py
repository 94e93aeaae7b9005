"""What is there: layers, eyes, pixels, selection, notes, refusals."""

import hashlib
import json

from inside import GI, gimp, item, picture

from pluripaint_client.geometry import Region


def digest(number, box=None):
    size = gimp.box(number)
    box = box or Region(0, 0, size.width, size.height)
    return hashlib.sha256(gimp.read(number, box, gimp.format(number, gimp.encoding(number)))).hexdigest()


def tree(image, items=None):
    """Every layer: name, kind, eye, place, encoding, hash of its pixels, children."""
    found = []
    for one in gimp.layers(image) if items is None else items:
        kind = gimp.kind(one)
        entry = {
            "name": gimp.item_name(one),
            "kind": kind,
            "visible": gimp.visible(one),
            "box": list(gimp.box(one)),
        }
        if kind == "group":
            entry["children"] = tree(image, gimp.children(one))
        else:
            entry["encoding"], entry["pixels"] = gimp.encoding(one), digest(one)
        found.append(entry)
    return found


def state(image):
    box = gimp.selection_box(image)
    return {
        "tree": tree(image),
        "active": [gimp.item_name(one) for one in gimp.selected_items(image)],
        "selection": [list(box), digest(gimp.selection(image), box)] if box else None,
    }


def by_name(image, name, items=None):
    for one in gimp.layers(image) if items is None else items:
        if gimp.item_name(one) == name:
            return one
        below = by_name(image, name, gimp.children(one))
        if below:
            return below
    return 0


def whole(number):
    size = gimp.box(number)
    return Region(0, 0, size.width, size.height)


def drawable(image, name):
    if name == "visible":
        return gimp.seen(image)
    return gimp.selection(image) if name == "selection" else by_name(image, name)


def export(image, path):
    """The flattened picture as GIMP's own export writes it; a copy is flattened, as its dialog does."""
    if GI:
        from gi.repository import Gimp, Gio

        copy = picture(image).duplicate()
        copy.flatten()
        Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, copy, Gio.File.new_for_path(path), None)
        copy.delete()
    else:
        from pluripaint_gimp import libgimp210 as g

        copy = g.image_duplicate(image)
        layer = g.image_flatten(copy)
        g.file_save(1, copy, layer, path.encode(), path.encode())
        g.image_delete(copy)


def notes(image):
    """What the plug-in wrote about each layer of the topmost group."""
    return [json.loads(gimp.parasite(layer).decode()) for layer in gimp.children(gimp.layers(image)[0])]


def refusal(name, image, layer):
    """Runs an entry without a person, as a script would; the sentence with which it refuses."""
    if GI:
        from gi.repository import Gimp

        procedure = Gimp.get_pdb().lookup_procedure(name)
        config = procedure.create_config()
        config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
        config.set_property("image", picture(image))
        config.set_core_object_array("drawables", [item(layer)])
        procedure.run(config)
        return Gimp.get_pdb().get_last_error()
    import ctypes as C

    from pluripaint_gimp import libgimp210 as g

    given = (g.Param * 3)()
    for one, kind, value in zip(given, (g.INT32, g.IMAGE, g.DRAWABLE), (1, image, layer)):
        one.type, one.data.d_int32 = kind, value
    g.run_procedure2(name.encode(), C.byref(g.i32()), 3, given)
    return g.get_pdb_error().decode()
