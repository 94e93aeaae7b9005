"""The ``pluripaint`` command: one file per verb, found by name, imported only when it is called.

A verb is a module of this package that exports a click command named ``command``; modules whose names begin
with an underscore are no verbs. ``generate.py`` is the one to open first.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import click


class _Verbs(click.Group):
    """Lists verbs by file name and imports one only to run it or to show its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        found = pkgutil.iter_modules([str(Path(__file__).parent)])
        return sorted(module.name.replace("_", "-") for module in found if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{_module(cmd_name)}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The first line of each verb's docstring, read without importing it."""
        rows = []
        for verb in self.list_commands(ctx):
            source = (Path(__file__).parent / f"{_module(verb)}.py").read_text("utf-8")
            first_line = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
            rows.append((verb, first_line.rpartition("``: ")[2]))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _module(verb: str) -> str:
    return verb.replace("-", "_")


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pluripaint")
def main() -> None:
    """Several different fills of a selection; nothing leaves this machine."""
