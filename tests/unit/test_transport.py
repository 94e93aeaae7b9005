"""Which transport a client takes: libzmq where pyzmq works, its own else. An editor's Python may hold any pyzmq."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pluripaint_client

OLD = "EVENT_DISCONNECTED = EVENT_CLOSED = 1\n"
BROKEN = {
    "absent": "raise ImportError('no module')",
    "damaged": "raise OSError('libsodium.so.23: cannot open shared object file')",
    "of another Python": "raise SystemError('initialization failed')",
    "old": OLD,  # without the events of a handshake
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_pyzmq_of_no_use_leaves_the_own_transport(tmp_path: Path, how: str) -> None:
    package = tmp_path / "zmq"
    (package / "utils").mkdir(parents=True)
    (package / "__init__.py").write_text(BROKEN[how])
    (package / "utils" / "__init__.py").write_text("")
    (package / "utils" / "monitor.py").write_text("def recv_monitor_message(socket): ...")
    places = [str(tmp_path), str(Path(pluripaint_client.__file__).parents[1])]
    code = f"import sys; sys.path[:0] = {places!r}; "
    code += "from pluripaint_client import client; print(client.best_transport())"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False
    )
    assert "zmtp.Dealer" in ran.stdout, ran.stderr
