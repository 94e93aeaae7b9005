"""Turn published checkpoints into weights of a method."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--method", required=True, help="The method they belong to, for example put_fdm.")
@click.option("--name", required=True, help="The name they get here: letters, digits, dots, dashes.")
@click.option(
    "--config", "config_name", help="The configuration they were trained with; guessed where it can be."
)
@click.option("--licence", default="unknown", show_default=True, help="Their licence, for the record.")
def command(files: tuple[Path, ...], method: str, name: str, config_name: str | None, licence: str) -> None:
    """Import FILES (one, or the parts of one model) as weights NAME of a method.

    A PUT + FDM model comes as two files: the tuned codec with FDM, and the transformer.
    """
    import importlib

    from pluripaint.methods import records, registry

    try:
        registry.info(method)
        records.check_name(name)
    except (registry.MethodError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    try:
        importer: Any = importlib.import_module(f"pluripaint.methods.{method}.importer")
    except ModuleNotFoundError:
        raise click.ClickException(f"{method} imports no weights. Choose another method.") from None
    try:
        states = [importer.unwrapped(_loaded(path)) for path in files]
        chosen, model = importer.imported(states, config_name)
    except importer.Refused as error:
        raise click.ClickException(str(error)) from None
    record = records.Record(
        method=method,
        name=name,
        config=model.config.to_json(),
        data="imported from " + ", ".join(path.name for path in files),
        licence=licence,
        notes=f"configuration {chosen}",
    )
    try:
        path = records.save(record, model.state_dict())
    except OSError as error:
        raise click.ClickException(
            f"The weights could not be written ({error.strerror}); make room."
        ) from None
    click.echo(f"Imported {name} ({chosen}) to {path}. Use it with --method {method} --weights {name}.")


def _loaded(path: Path) -> Any:
    """What a file holds, tensors and plain containers only."""
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError):
        raise click.ClickException(
            f"{path.name} is no readable weights file, or holds more than numbers; it was not loaded."
        ) from None
