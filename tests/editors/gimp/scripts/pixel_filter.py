#!/usr/bin/env python
# A pixel filter in the classic way: rows from a region, an array, the shadow, then merge and update.
from array import array

from gimpfu import *


def swap_and_scale(image, drawable, amount, keep_green):
    gimp.progress_init("Swapping channels...")
    pdb.gimp_image_undo_group_start(image)
    x1, y1, x2, y2 = drawable.mask_bounds
    width, height, bpp = x2 - x1, y2 - y1, drawable.bpp
    source = drawable.get_pixel_rgn(x1, y1, width, height, False, False)
    target = drawable.get_pixel_rgn(x1, y1, width, height, True, True)
    for row in range(y1, y2):
        line = array("B", source[x1:x2, row])
        for k in range(0, len(line), bpp):
            red, green, blue = line[k], line[k + 1], line[k + 2]
            line[k] = min(255, int(blue * amount))
            line[k + 1] = green if keep_green else 255 - green
            line[k + 2] = red
        target[x1:x2, row] = line.tobytes()
        gimp.progress_update(float(row - y1) / height)
    drawable.flush()
    drawable.merge_shadow(True)
    drawable.update(x1, y1, width, height)
    # and single pixels: a diagonal through the middle half
    for k in range(int(width / 4), int(width * 3 / 4)):
        drawable.set_pixel(k, min(k, height - 1), (255, 255, 0, 255)[:bpp])
    pdb.gimp_image_undo_group_end(image)


register(
    "pixel-filter", "Swaps red and blue", "Swaps red and blue and scales one of them", "pluripaint", "pluripaint",
    "2026", "_Swap and Scale...", "RGB*",
    [
        (PF_IMAGE, "image", "Input image", None),
        (PF_DRAWABLE, "drawable", "Input drawable", None),
        (PF_FLOAT, "amount", "_Amount", 1.5),
        (PF_TOGGLE, "keep-green", "_Keep green", True),
    ],
    [], swap_and_scale, menu="<Image>/Filters/Shim",
)  # fmt: skip

main()
