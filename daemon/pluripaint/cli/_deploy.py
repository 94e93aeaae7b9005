"""The editors' own ``deploy.py`` files, which travel with the package but belong to none."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from pluripaint import resources


def load(editor: str) -> Any:
    """``plugin/EDITOR/deploy.py`` as a module (``gimp`` or ``krita``).

    Raises:
        FileNotFoundError: this installation lacks it.
    """
    name = f"pluripaint_{editor}_deploy"
    spec = importlib.util.spec_from_file_location(name, resources.bundled(f"plugin/{editor}/deploy.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
