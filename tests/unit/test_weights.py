"""Weights files and their records."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from toys import INFO, Toy

from pluripaint.methods import records, registry


def test_weights_are_checked_against_their_record(tmp_path, monkeypatch) -> None:
    class Heavy(Toy):
        info = replace(INFO, name="heavy", needs_weights=True)

        @classmethod
        def from_weights(cls, path, record, device):
            return cls()

    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path))
    monkeypatch.setitem(registry._METHODS, "heavy", f"{__name__}:Heavy")
    monkeypatch.setitem(globals(), "Heavy", Heavy)

    def code() -> str:
        with pytest.raises(registry.MethodError) as caught:
            registry.load("heavy", "mine")
        return caught.value.code

    assert code() == "weights-missing" and not registry.trained("heavy")
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "mine.safetensors").write_bytes(b"numbers")
    assert code() == "weights-corrupt"
    record = {"method": "heavy", "sha256": hashlib.sha256(b"numbers").hexdigest()}
    (folder / "mine.json").write_text(json.dumps(record))
    assert registry.load("heavy", "mine").info.name == "heavy"
    (folder / "mine.safetensors").write_bytes(b"other numbers")
    assert code() == "weights-corrupt"
    with pytest.raises(registry.MethodError):
        registry.load("heavy", "../mine")


@pytest.mark.parametrize("damage", ["config", "layout", "parameters", "no safetensors", "shape"])
def test_weights_of_another_version_are_said_to_be_of_no_use(tmp_path, monkeypatch, damage) -> None:
    """Imported by an older pluripaint, say: file and record agree with each other, and this one can't take them."""
    import torch
    from safetensors.torch import save_file

    from pluripaint.methods.put_fdm.training import CONFIGS

    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path))
    config = json.loads(json.dumps(CONFIGS["toy"].to_json()))
    state = registry.build("put_fdm", config).state_dict()
    first = next(iter(state))
    if damage == "parameters":
        del state[first]
    elif damage == "shape":
        state[first] = torch.zeros(7)
    elif damage == "config":
        del config[next(iter(config))]
    elif damage == "layout":
        config["a field of another version"] = 1
    file = tmp_path / "weights" / "old.safetensors"
    file.parent.mkdir()
    save_file({name: value.contiguous().clone() for name, value in state.items()}, file)
    if damage == "no safetensors":
        file.write_bytes(b"numbers")
    record = {"method": "put_fdm", "sha256": records.digest(file), "config": config}
    file.with_suffix(".json").write_text(json.dumps(record))
    with pytest.raises(registry.MethodError, match=r"old\.safetensors") as caught:
        registry.load("put_fdm", "old")
    assert caught.value.code == "weights-corrupt"
