# A script without a first line that says who runs it, with a message box and a window of PyGTK 2.
import pygtk
pygtk.require("2.0")
import gtk
from gimpfu import *


class Window(gtk.Window):
    def __init__(self):
        gtk.Window.__init__(self, gtk.WINDOW_TOPLEVEL)


def asks(with_window):
    if with_window:
        Window().show_all()
    box = gtk.MessageDialog(None, gtk.DIALOG_MODAL | gtk.DIALOG_DESTROY_WITH_PARENT, gtk.MESSAGE_INFO, gtk.BUTTONS_OK)
    box.set_markup("said in a box")
    box.run()
    box.destroy()
    while gtk.events_pending():
        gtk.main_iteration()
    return len(list(range(0, 7, 1.0)))


register("python_fu_shim_asks", "", "", "", "", "2026", "Asks", "",
         [(PF_INT, "with_window", "", 0)], [(PF_INT, "count", "")], asks, menu="<Toolbox>/Shim")
main()
