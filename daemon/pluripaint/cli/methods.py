"""List the methods with their sizes, licences and what is untrained."""

from __future__ import annotations

from typing import Any

import click

#: share of this machine's matrix speed that a network reaches, and when a fill is called slow.
_REACHED, _SLOW_SECONDS = 0.5, 60.0


@click.command()
def command() -> None:
    """List the methods with their sizes, licences and what is untrained; then the weights that are here."""
    from rich.console import Console
    from rich.table import Table

    from pluripaint.methods import records, registry

    console = Console(width=None)
    table = Table("method", "what it is", "answers", "sees", "licence", "state", box=None, pad_edge=False)
    found: list[tuple[str, dict[str, Any]]] = []
    for name in registry.names():
        info = registry.info(name)
        size = f"{info.native_size} px" if info.native_size else "native size"
        mine = records.listed(name) if info.needs_weights else []
        found += [(name, record) for record in mine]
        if not info.needs_weights:
            state = "ready, needs no weights"
        elif registry.trained(name):
            state = "ready"
        else:
            state = "no default weights yet; see below" if mine else "untrained: no weights here"
        table.add_row(name, info.title, "many" if info.sampled else "one", size, info.licence, state)
    console.print(table)
    if found:
        console.print()
        console.print(_weights(found))
    for name, record in found:
        if (slow := _slow(name, record)) is not None:
            console.print(slow, soft_wrap=True, highlight=False)
    for name in registry.names():
        if not registry.trained(name):
            console.print(f"{name} has no default weights yet: import or train some.", soft_wrap=True)


def _weights(found: list[tuple[str, dict[str, Any]]]) -> Any:
    from rich.table import Table

    table = Table("weights", "for", "trained on", "steps", "licence", box=None, pad_edge=False)
    for name, record in found:
        steps = ", ".join(f"{stage} {count}" for stage, count in (record.get("steps") or {}).items())
        told = (str(record.get(key) or "not said") for key in ("data", "licence"))
        data, licence = told
        table.add_row(str(record["name"]), name, data, steps or "not said", licence)
    return table


def _slow(name: str, record: dict[str, Any]) -> str | None:
    """A sentence where a fill with these weights takes minutes on this machine's processor."""
    from pluripaint.methods import registry

    work = registry.multiply_adds(name, record.get("config") or {})
    if not work:
        return None
    seconds = 2 * work / (_REACHED * _matrix_speed())
    if seconds < _SLOW_SECONDS:
        return None
    return (
        f"{record['name']} needs about {max(1, round(seconds / 60))} minutes for one fill on this processor; "
        "fewer steps (option steps) or a graphics card make it faster."
    )


def _matrix_speed() -> float:
    """Floating-point operations a second of a float32 matrix product, best of a few."""
    import time

    import numpy as np

    side = 512
    a = np.ones((side, side), np.float32)
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - began)
    return 2.0 * side**3 / best
