"""Start, stop and look at the daemon."""

from __future__ import annotations

import json
import sys
from typing import Any

import click


@click.group()
def command() -> None:
    """Start, stop and look at the daemon that editors talk to."""


@command.command()
@click.option("--timeout", default=15.0, show_default=True, help="Seconds to wait for it.")
def start(timeout: float) -> None:
    """Start the daemon, unless it runs already."""
    _start(timeout)


def _start(timeout: float) -> None:
    from pluripaint_client import Client, DaemonError

    try:
        with Client.connect(start=True, timeout=timeout) as client:
            click.echo(f"The daemon runs (process {client.connection.pid}, port {client.connection.port}).")
    except DaemonError as error:
        _give_up(error)


@command.command()
def stop() -> None:
    """Stop the daemon; running jobs fail with a sentence."""
    _stop()


def _stop(or_else_start: bool = False) -> None:
    from pluripaint_client import Client, ConnectionLost, DaemonError, NotOurs, NotRunning, Refused

    try:
        with Client.connect(start=False, timeout=5.0) as client:
            client.shutdown()
            try:
                while True:
                    client.poll(10.0)
            except ConnectionLost:
                click.echo("The daemon has stopped.")
    except NotRunning:
        click.echo("The daemon was not running.")
    except (NotOurs, Refused) as error:
        if not or_else_start:
            _give_up(error)
        click.echo(error.sentence)  # it is nobody's business here: one of our own is started beside it
    except DaemonError as error:
        _give_up(error)


@command.command()
@click.option("--timeout", default=15.0, show_default=True, help="Seconds to wait for it.")
def restart(timeout: float) -> None:
    """Stop the daemon and start it again."""
    _stop(or_else_start=True)
    _start(timeout)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def status(as_json: bool) -> None:
    """What the daemon does: workers, queue, memory. Exit status 1 if it does not run."""
    from pluripaint_client import Client, DaemonError

    try:
        with Client.connect(start=False, timeout=2.0) as client:
            told = client.status()
            milliseconds = client.ping() * 1000
    except DaemonError as error:
        _give_up(error)
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    click.echo(
        f"pluripaint daemon {told['version']}, process {told['pid']}, answers in {milliseconds:.1f} ms"
    )
    click.echo(f"memory    {_mib(told['resident_bytes'])}; devices: {', '.join(told['devices'])}")
    click.echo(f"jobs      {told['jobs']['running']} running, {told['jobs']['queued']} waiting")
    for worker in told["workers"]:
        device_memory = f", {_mib(worker['device_bytes'])} on the device" if worker["device_bytes"] else ""
        memory = f"{_mib(worker['resident_bytes'])}{device_memory}"
        click.echo(f"worker    {worker['device']}: {worker['state']}, process {worker['pid']}, {memory}")
    click.echo(f"log       {told['log']}")


@command.command()
@click.option("-n", "--lines", default=40, show_default=True, help="How many of the last lines of each.")
def logs(lines: int) -> None:
    """The last lines of the daemon's and the workers' logs."""
    from pluripaint import folders

    found = sorted(folders.logs().glob("*.log"))
    if not found:
        click.echo(f"There are no logs in {folders.logs()} yet.")
    for path in found:
        click.echo(f"==> {path} <==")
        text = path.read_text("utf-8", "replace").splitlines()
        click.echo("\n".join(text[-lines:]))


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


def _give_up(error: Any) -> None:
    click.echo(str(error), err=True)
    sys.exit(1)
