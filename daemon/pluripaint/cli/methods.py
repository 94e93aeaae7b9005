"""List the methods with their sizes, licences and what is untrained."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """List the methods with their sizes, licences and what is untrained."""
    from rich.console import Console
    from rich.table import Table

    from pluripaint.methods import registry

    table = Table("method", "what it is", "answers", "sees", "licence", "state", box=None, pad_edge=False)
    for name in registry.names():
        info = registry.info(name)
        size = f"{info.native_size} px" if info.native_size else "native size"
        if not info.needs_weights:
            state = "ready, needs no weights"
        else:
            state = "ready" if registry.trained(name) else "untrained: no weights here"
        table.add_row(name, info.title, "many" if info.sampled else "one", size, info.licence, state)
    Console(width=None).print(table)
