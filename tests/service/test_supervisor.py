"""What a worker leaves behind where it cannot even be started."""

from __future__ import annotations

import errno
import os
import tempfile

import pytest

from pluripaint.service.supervisor import CancelByte


def test_a_full_disk_leaves_neither_file_nor_descriptor(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            CancelByte()
    assert list(tmp_path.iterdir()) == [] and len(os.listdir("/proc/self/fd")) == before
