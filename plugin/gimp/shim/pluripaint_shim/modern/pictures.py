"""Images and items: what is active, names and kinds, profiles, palettes of indexed images."""

from __future__ import annotations

from gi.repository import Gimp, GLib

from .. import carry
from .names import context, image, item, known, number


@known("gimp-displays-flush")
def displays_flush(_port):
    Gimp.displays_flush()


@known("gimp-image-list")
def image_list(_port):
    found = [number(one) for one in Gimp.get_images()]
    return len(found), found


@known("gimp-image-get-active-layer")
def active_layer(_port, img):
    chosen = image(img).get_selected_layers()
    return number(chosen[0]) if chosen else -1


@known("gimp-image-get-active-channel")
def active_channel(_port, img):
    chosen = image(img).get_selected_channels()
    return number(chosen[0]) if chosen else -1


@known("gimp-image-get-active-vectors")
def active_vectors(_port, img):
    chosen = image(img).get_selected_paths()
    return number(chosen[0]) if chosen else -1


@known("gimp-image-get-active-drawable", "gimp-image-active-drawable")
def active_drawable(_port, img):
    chosen = image(img).get_selected_drawables()
    return number(chosen[0]) if chosen else -1


@known("gimp-image-set-active-layer")
def set_active_layer(_port, img, layer):
    image(img).set_selected_layers([item(layer)] if layer > 0 else [])


@known("gimp-image-set-active-channel")
def set_active_channel(_port, img, channel):
    image(img).set_selected_channels([item(channel)] if channel > 0 else [])


@known("gimp-image-unset-active-channel")
def unset_active_channel(_port, img):
    chosen = image(img).get_selected_channels()
    image(img).set_selected_channels([])
    return number(chosen[0]) if chosen else -1


@known("gimp-image-set-active-vectors")
def set_active_vectors(_port, img, vectors):
    image(img).set_selected_paths([item(vectors)] if vectors > 0 else [])


_NAMED = "gimpfu-filename"  # GIMP 3 takes only names of XCF files; others are kept as a note for this session


def _file(img):
    one = image(img)
    file = one.get_file() or one.get_imported_file() or one.get_exported_file()
    if file is None:
        note = one.get_parasite(_NAMED)
        file = carry.file(bytes(note.get_data()).decode()) if note else None
    return file


@known("gimp-image-get-filename")
def image_filename(_port, img):
    file = _file(img)
    return [(file.get_path() or file.get_uri()) if file else None]


@known("gimp-image-set-filename")
def set_image_filename(_port, img, filename):
    if filename.lower().endswith((".xcf", ".xcf.gz", ".xcf.bz2", ".xcf.xz")):
        image(img).set_file(carry.file(filename))
    else:
        image(img).attach_parasite(Gimp.Parasite.new(_NAMED, 0, filename.encode()))


@known("gimp-image-get-uri")
def image_uri(_port, img):
    file = _file(img)
    return [file.get_uri() if file else None]


@known("gimp-image-is-valid")
def image_valid(_port, img):
    return int(img > 0 and Gimp.Image.id_is_valid(img))


@known("gimp-display-is-valid")
def display_valid(_port, display):
    return int(display > 0 and Gimp.Display.id_is_valid(display))


@known("gimp-item-is-valid", "gimp-drawable-is-valid", "gimp-vectors-is-valid")
def item_valid(_port, one):
    return int(one > 0 and Gimp.Item.id_is_valid(one))


def _kind(*kinds):
    return lambda port, one: int(port.kind(one) in kinds)


known("gimp-item-is-layer", "gimp-drawable-is-layer")(_kind("layer", "group"))
known("gimp-item-is-layer-mask", "gimp-drawable-is-layer-mask")(_kind("mask"))
known("gimp-item-is-channel", "gimp-drawable-is-channel")(_kind("channel", "mask", "selection"))
known("gimp-item-is-selection")(_kind("selection"))
known("gimp-item-is-vectors")(_kind("vectors"))
known("gimp-item-is-drawable")(_kind("layer", "group", "channel", "mask", "selection"))


@known("gimp-item-is-text-layer", "gimp-drawable-is-text-layer")
def is_text_layer(port, one):
    return int(port.kind(one) == "layer" and item(one).is_text_layer())


_LINKED = [f"gimp-{what}-{{}}-linked" for what in ("item", "layer", "channel", "drawable", "vectors")]


@known(*[name.format("get") for name in _LINKED])
def get_linked(_port, _item):
    return 0  # items are not linked in GIMP 3: several can be selected


@known(*[name.format("set") for name in _LINKED])
def set_linked(_port, _item, _linked):
    return None


@known("gimp-drawable-bpp", "gimp-drawable-bytes")
def drawable_bpp(_port, one):
    return (3, 4, 1, 2, 1, 2)[int(item(one).type())]


@known("gimp-layer-copy")
def layer_copy(_port, layer, add_alpha):
    made = item(layer).copy()
    if add_alpha and not made.has_alpha():
        made.add_alpha()
    return number(made)


@known("gimp-layer-group-new")
def group_new(_port, img):
    return number(Gimp.GroupLayer.new(image(img), None))


@known("gimp-layer-translate")
def layer_translate(_port, layer, x, y):
    _, left, top = item(layer).get_offsets()
    item(layer).set_offsets(left + x, top + y)


@known("gimp-layer-scale-full")
def layer_scale_full(port, layer, width, height, local_origin, interpolation):
    with context():
        port.new("gimp-context-set-interpolation", interpolation=interpolation)
        item(layer).scale(width, height, bool(local_origin))


@known("gimp-image-scale-full")
def image_scale_full(port, img, width, height, interpolation):
    with context():
        port.new("gimp-context-set-interpolation", interpolation=interpolation)
        image(img).scale(width, height)


@known("gimp-image-free-shadow")
def free_shadow(_port, img):
    for drawable in image(img).get_selected_drawables():
        drawable.free_shadow()


@known("gimp-floating-sel-rigor", "gimp-floating-sel-relax")
def nothing(_port, *_values):
    """These two did nothing useful in 2.10 already."""


@known("gimp-image-floating-selection")
def floating(_port, img):
    return number(image(img).get_floating_sel())


@known("gimp-drawable-get-pixel")
def get_pixel(port, drawable, x, y):
    data = port.read(drawable, False, (x, y, 1, 1))
    return len(data), data


@known("gimp-drawable-set-pixel")
def set_pixel(port, drawable, x, y, count, pixel):
    port.write(drawable, False, (x, y, 1, 1), pixel[:count])
    port.flush(drawable)


@known("gimp-image-get-colormap", "gimp-image-get-cmap")
def get_colormap(_port, img):
    palette = image(img).get_palette()
    colours = [carry.parts(one) for one in palette.get_colors()] if palette else []
    data = bytes(round(min(max(part, 0), 1) * 255) for one in colours for part in one[:3])
    return len(data), data


@known("gimp-image-set-colormap", "gimp-image-set-cmap")
def set_colormap(_port, img, count, data):
    palette = Gimp.Palette.new("colormap")
    try:
        for k in range(0, count - 2, 3):
            palette.add_entry(None, carry.color([part / 255 for part in data[k : k + 3]]))
        image(img).set_palette(palette)
    finally:
        palette.delete()


def _profile(ask):
    def get(_port, img):
        profile = getattr(image(img), ask)()
        data = bytes(profile.get_icc_profile()) if profile else b""
        return len(data), data

    return get


known("gimp-image-get-color-profile")(_profile("get_color_profile"))
known("gimp-image-get-effective-color-profile")(_profile("get_effective_color_profile"))


@known("gimp-image-set-color-profile")
def set_profile(_port, img, count, data):
    image(img).set_color_profile(
        Gimp.ColorProfile.new_from_icc_profile(bytes(data[:count])) if count else None
    )


@known("gimp-image-convert-color-profile")
def convert_profile(_port, img, count, data, intent, bpc):
    profile = Gimp.ColorProfile.new_from_icc_profile(bytes(data[:count]))
    image(img).convert_color_profile(profile, Gimp.ColorRenderingIntent(intent), bool(bpc))


@known("gimp-progress-init")
def progress_init(_port, message, _display):
    Gimp.progress_init(message or "")


@known("gimp-progress-update")
def progress_update(_port, fraction):
    Gimp.progress_update(fraction)


@known("gimp-temp-name", "gimp-temp-PDB-name", "gimp-procedural-db-temp-name")
def temp_name(_port, *extension):
    if extension:
        return Gimp.temp_file(extension[0]).get_path()
    return f"gimp-procedure-{GLib.uuid_string_random()[:8]}"


@known("gimp-image-get-metadata")
def get_metadata(_port, img):
    found = image(img).get_metadata()
    return [found.serialize() if found else None]


_ONE_OF = {
    "pixels": "pixel",
    "inches": "inch",
    "millimeters": "millimeter",
    "points": "point",
    "picas": "pica",
}
_UNITS = {
    "abbreviation": lambda unit: unit.get_abbreviation(),
    "deletion-flag": lambda unit: int(unit.get_deletion_flag()),
    "digits": lambda unit: unit.get_digits(),
    "factor": lambda unit: unit.get_factor(),
    "identifier": lambda unit: unit.get_name(),
    "plural": lambda unit: unit.get_name(),
    "singular": lambda unit: _ONE_OF.get(unit.get_name(), unit.get_name()),
    "symbol": lambda unit: unit.get_symbol(),
}
for _name, _ask in _UNITS.items():
    known(f"gimp-unit-get-{_name}")(lambda _port, unit, ask=_ask: [ask(Gimp.Unit.get_by_id(unit))])


@known("gimp-unit-get-number-of-built-in-units")
def units(_port):
    return 5


@known("gimp-unit-get-number-of-units")
def all_units(_port):
    count = 5
    while Gimp.Unit.get_by_id(count) is not None:
        count += 1
    return count


@known("gimp-unit-new")
def unit_new(_port, identifier, factor, digits, symbol, abbreviation, _singular, _plural):
    return Gimp.Unit.new(identifier, factor, digits, symbol, abbreviation).get_id()


@known("gimp-unit-set-deletion-flag")
def unit_set_deletion_flag(_port, unit, flag):
    Gimp.Unit.get_by_id(unit).set_deletion_flag(bool(flag))


@known("gimp-image-merge-layer-group")
def merge_group(_port, _img, group):
    return number(item(group).merge())


@known("gimp-drawable-set-image")
def set_image(_port, drawable, img):
    if item(drawable).get_image().get_id() != img:
        raise carry.Failed("a drawable cannot move to another image")


@known("gimp-plugin-domain-register", "gimp-plugin-help-register", "gimp-plugin-menu-branch-register",
       "gimp-plugin-enable-precision", "gimp-plugin-set-pdb-error-handler")  # fmt: skip
def no_need(_port, *_values):
    """GIMP 3 needs none of it."""
