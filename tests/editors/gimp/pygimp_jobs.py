"""What is asked of the Python scripts that GIMP 2.10 came with: pieces of Python for the console."""

from __future__ import annotations

_RGB = "image, layer = picture()\n"
_RGBA = "image, layer = picture(kind=RGBA_IMAGE)\n"
_PALETTE = (
    "palette = pdb.gimp_palette_new('pluripaint')\n"
    "for k, one in enumerate([(200, 30, 40), (10, 220, 90), (30, 60, 250), (90, 90, 90), (250, 240, 20)]):\n"
    "    pdb.gimp_palette_add_entry(palette, 'n%d' % k, one)\n"
    "entries = lambda p: [(pdb.gimp_palette_entry_get_name(p, k), list(pdb.gimp_palette_entry_get_color(p, k)))"
    " for k in range(pdb.gimp_palette_get_info(p))]\n"
    "stops = lambda g: [[list(pdb.gimp_gradient_segment_get_left_color(g, k)[0]),"
    " round(pdb.gimp_gradient_segment_get_right_pos(g, k), 4)]"
    " for k in range(pdb.gimp_gradient_get_number_of_segments(g))]\n"
)
_NEWEST = "result = max(gimp.image_list(), key=lambda one: one.ID)\n"

PICTURES = {
    "shadow_bevel": _RGBA + "pdb.gimp_image_resize(image, 120, 90, 10, 10)\n"
    "pdb.python_fu_shadow_bevel(image, layer, 6, True, True, 3, 6)\nresult = image\n"
    "answer = [one.name for one in image.layers]",
    "shadow_bevel without the shadow": _RGBA
    + "pdb.python_fu_shadow_bevel(image, layer, 3, True, False, 3, 6)\nresult = image",
    "sphere": "pdb.python_fu_sphere(40, 60, True, 'foo', (255, 255, 255), 'orange')\n" + _NEWEST,
    "whirlpinch": _RGB + "pdb.python_fu_whirl_pinch(image, layer, 90.0, 0.3, 1.0)\nresult = image",
    "whirlpinch with alpha": _RGBA
    + "pdb.python_fu_whirl_pinch(image, layer, 45.0, -0.3, 0.8)\nresult = image",
    "file-openraster": _RGBA + "layer.opacity = 60.0\n"
    "group = gimp.GroupLayer(image, 'group')\nimage.add_layer(group, 0)\n"
    "above = gimp.Layer(image, 'above', 30, 20, RGBA_IMAGE, 80, LAYER_MODE_MULTIPLY_LEGACY)\n"
    "image.insert_layer(above, group, 0)\nabove.fill(FOREGROUND_FILL)\nabove.set_offsets(12, 9)\n"
    "path = folder + '/a.ora'\npdb.file_openraster_save(image, layer, path, path)\n"
    "result = pdb.gimp_file_load(path, path)\n"
    "answer = [[one.name, round(one.opacity), one.mode, list(one.offsets), len(one.children)]"
    " for one in result.layers]",
}
"""Name, beginning with the script's → code whose ``result`` is the same picture in every GIMP."""

NOISE = {
    "clothify": _RGB + "pdb.python_fu_clothify(image, layer, 9, 9, 135, 45, 3)\nresult = image",
    "foggify": _RGB
    + "layer.fill(WHITE_FILL)\npdb.python_fu_foggify(image, layer, 'Clouds', (240, 180, 70), 1.0, 100)\n"
    "fog = image.layers[0]\nrows = fog.get_pixel_rgn(0, 0, 96, 64)[0:96, 0:64]\n"
    "answer = [fog.name, len(image.layers), len(set(rows[3::4])) > 40,"
    " sorted(set(zip(rows[0::4], rows[1::4], rows[2::4])))]\n"
    "result = image",
}
"""The same for scripts that draw by chance: only how bright and how rough the picture is can be the same."""

ANSWERS = {
    "colorxhtml": _RGB + "path = folder + '/a.xhtml'\n"
    "pdb.file_colorxhtml_save(image, layer, path, path, 2, 'some characters & <more>', 8, True)\n"
    "answer = [open(path).read(), open(folder + '/a.css').read()]",
    "gradients-save-as-css": "path = folder + '/a.css'\n"
    "pdb.python_fu_gradient_save_as_css('FG to BG (RGB)', path)\nanswer = open(path).read()",
    "histogram-export": _RGBA + "path = folder + '/a.csv'\n"
    "pdb.python_fu_histogram_export(image, layer, path, 32.0, False, 'pixel count')\nanswer = [open(path).read()]\n"
    "pdb.python_fu_histogram_export(image, layer, path, 64.0, True, 'percent')\nanswer += [open(path).read()]",
    "palette-offset": _PALETTE + "pdb.python_fu_palette_offset(palette, 2)\nanswer = entries(palette)",
    "palette-sort": _PALETTE + "pdb.python_fu_palette_sort(palette, 0, '', 3, True, 5, True, 0.0, 3, 0.0)\n"
    "answer = [entries(palette)]\n"
    "pdb.python_fu_palette_sort(palette, 1, '1:1,3', 4, False, 5, True, 0.0, 3, 0.0)\nanswer += [entries(palette)]",
    "palette-to-gradient": _PALETTE
    + "made = pdb.python_fu_palette_to_gradient(palette)\nanswer = [stops(made)]\n"
    "made = pdb.python_fu_palette_to_gradient_repeating(palette)\nanswer += [stops(made)]",
    "py-slice": _RGB + "import os\nimage.add_hguide(20)\nimage.add_vguide(50)\nimage.add_vguide(30)\n"
    "out = folder + '/slices'\n"
    "pdb.python_fu_slice(image, layer, out, 'a.html', 'piece', 'png', True, 'images', 1, False, False)\n"
    "answer = [open(out + '/a.html').read(), sorted(os.listdir(out + '/images'))]\n"
    "piece = pdb.gimp_file_load(out + '/images/piece_1_1.png', '')\n"
    "answer += [piece.width, piece.height, list(piece.layers[0].get_pixel(0, 0))]",
    "python-eval": 'pdb.python_fu_eval(\'open("%s/eval", "w").write(str(gimp.version[0] > 1))\' % folder)\n'
    "answer = open(folder + '/eval').read()",
}
"""Name → code whose ``answer`` is the same in every GIMP: files written, palettes, gradients."""
