"""GIMP for gimpfu scripts: what the module ``gimp`` of GIMP 2.10's Python offered."""

import os as _os

from pluripaint_shim import python2 as _python2
from pluripaint_shim.colours import RGB as _RGB
from pluripaint_shim.images import Display, Image, delete, display, image
from pluripaint_shim.items import (
    Channel,
    Drawable,
    GroupLayer,
    Item,
    Layer,
    Parasite,
    find_parasite,
    item,
)
from pluripaint_shim.main import (
    domain_register,
    exit,
    install_procedure,
    main,
    menu_register,
    quit,
    register_load_handler,
    register_magic_load_handler,
    register_save_handler,
)
from pluripaint_shim.pdb import call as _call
from pluripaint_shim.pdb import error, pdb
from pluripaint_shim.regions import SIDE as _SIDE
from pluripaint_shim.regions import PixelFetcher, PixelRgn, Tile
from pluripaint_shim.values import Whole as _Whole
from pluripaint_shim.values import as_bytes as _as_bytes
from pluripaint_shim.vectors import (
    Vectors,
    VectorsBezierStroke,
    vectors,
)
from pluripaint_shim.vectors import import_from_file as vectors_import_from_file
from pluripaint_shim.vectors import import_from_string as vectors_import_from_string
from pluripaint_shim.which_gimp import find as _find

_python2.help_old_scripts()
PDB = type(pdb)
_id2image, _id2drawable, _id2display, _id2vectors = image, item, display, vectors


def __getattr__(name):
    """Folders and the version are asked for when they are needed."""
    folders = ("directory", "data_directory", "locale_directory", "sysconf_directory", "plug_in_directory")
    if name in folders:
        return _find().directories()[name]
    if name == "version":
        return tuple(map(_Whole, _find().version()))
    raise AttributeError(f"module 'gimp' has no attribute {name!r}")


def message(text):
    """Shows a message."""
    _call("gimp-message", text)


def displays_flush():
    """Brings what is shown up to date."""
    _call("gimp-displays-flush")


def displays_reconnect(old, new):
    """Shows another image where one was shown."""
    _call("gimp-displays-reconnect", old, new)


def image_list():
    """Every open image."""
    return [image(number) for number in _call("gimp-image-list")[1]]


def progress_init(label="", shown=None):
    """Starts the progress bar."""
    _call("gimp-progress-init", label, shown)


def progress_update(fraction):
    """Moves the progress bar (0…1)."""
    _call("gimp-progress-update", fraction)


def context_push():
    """Remembers colours, brush and so on."""
    _call("gimp-context-push")


def context_pop():
    """Takes back what was remembered last."""
    _call("gimp-context-pop")


def get_foreground():
    return _call("gimp-context-get-foreground")


def get_background():
    return _call("gimp-context-get-background")


def _colour(values):
    return _RGB(*values) if len(values) > 1 else values[0]


def set_foreground(*color):
    _call("gimp-context-set-foreground", _colour(color))


def set_background(*color):
    _call("gimp-context-set-background", _colour(color))


def gradients_get_list(filter=None):
    return list(_call("gimp-gradients-get-list", filter or "")[1])


def context_get_gradient():
    return _call("gimp-context-get-gradient")


def context_set_gradient(name):
    _call("gimp-context-set-gradient", name)


gradients_get_gradient, gradients_set_gradient = context_get_gradient, context_set_gradient


def _samples(numbers):
    """Four numbers a colour → colours."""
    return [_RGB(*map(float, numbers[k : k + 4])) for k in range(0, len(numbers), 4)]


def gradient_get_uniform_samples(name, num_samples, reverse=False):
    return _samples(_call("gimp-gradient-get-uniform-samples", name, num_samples, int(reverse))[1])


def gradient_get_custom_samples(name, positions, reverse=False):
    values = (name, len(positions), positions, int(reverse))
    return _samples(_call("gimp-gradient-get-custom-samples", *values)[1])


def gradients_sample_uniform(num_samples, reverse=False):
    return gradient_get_uniform_samples(context_get_gradient(), num_samples, reverse)


def gradients_sample_custom(positions, reverse=False):
    return gradient_get_custom_samples(context_get_gradient(), positions, reverse)


def fonts_get_list(filter=None):
    return list(_call("gimp-fonts-get-list", filter or "")[1])


def fonts_refresh():
    _call("gimp-fonts-refresh")


def set_data(key, data):
    """Keeps bytes under a key while GIMP runs."""
    _find().set_data(key, _as_bytes(data))


def get_data(key):
    """The bytes under a key.

    Raises:
        error: there are none.
    """
    found = _find().data(key)
    if found is None:
        raise error("no data for id")
    return found


def parasite_find(name):
    return find_parasite("gimp-get-parasite", name)


def parasite_attach(parasite):
    _call("gimp-attach-parasite", parasite)


def attach_new_parasite(name, flags, data):
    _call("gimp-attach-parasite", Parasite(name, flags, data))


def parasite_detach(name):
    _call("gimp-detach-parasite", name)


def parasite_list():
    return _call("gimp-get-parasite-list")[1]


def tile_width():
    return _Whole(_SIDE)


def tile_height():
    return _Whole(_SIDE)


def tile_cache_size(kilobytes):
    """There is nothing to set: tiles are read as they are asked for."""


def tile_cache_ntiles(ntiles):
    """There is nothing to set: tiles are read as they are asked for."""


def gamma():
    return 2.2


def personal_rc_file(basename):
    """A file's path in the folder of GIMP's settings."""
    return _os.path.join(_find().directories()["directory"], basename)


def gtkrc():
    return personal_rc_file("gtkrc")


def default_display():
    return None


def get_progname():
    import sys

    return sys.argv[0]


def check_size():
    return _Whole(1)


def check_type():
    return _Whole(1)


def show_tool_tips():
    return True


def show_help_button():
    return True
