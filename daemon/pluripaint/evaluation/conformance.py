"""Compare our networks with stored outputs of the published programs, stage by stage.

``python -m pluripaint.evaluation.conformance DIR [--all]`` reads ``DIR/conformance.json``, builds each model,
fills it through the importer and recomputes every stage.  Last line: ``compared N of N, largest excess X``;
exit 0 only if all required stages were compared and all compared ones are within the manifest's tolerance.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

#: methods whose folder has a module ``stages``.
METHODS = ("put_fdm",)


class Refusal(Exception):
    """The folder cannot be checked; the sentence says why."""


def recipe_array(entry: Mapping[str, Any]) -> np.ndarray:
    """The array one entry of a recipe describes: PCG64 seeded by the SHA-256 of its name, float64,
    cast once."""
    shape = tuple(int(n) for n in entry["shape"])
    count = math.prod(shape)
    kind = entry.get("kind", "normal")
    scale, offset = float(entry.get("scale", 1.0)), float(entry.get("offset", 0.0))
    if kind in ("normal", "abs", "uniform"):
        text = entry.get("seed_name", entry["name"])
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
        stream = np.random.Generator(np.random.PCG64(seed))
        if kind == "uniform":
            values = (2.0 * stream.random(count) - 1.0) * scale + offset
        else:
            drawn = stream.standard_normal(count)
            values = (np.abs(drawn) if kind == "abs" else drawn) * scale + offset
    elif kind in ("ones", "zeros", "const"):
        constant = {"ones": 1.0, "zeros": 0.0, "const": float(entry.get("value", 0.0))}[kind]
        values = np.full(count, constant)
    elif kind == "arange":
        values = np.arange(count, dtype=np.float64)
    else:
        raise Refusal(f"{entry['name']}: the recipe's kind {kind!r} is unknown.")
    dtypes = ("float32", "float64", "float16", "int64", "int32", "uint8", "bool")
    dtype = entry.get("dtype", "float32")
    if dtype not in dtypes:
        raise Refusal(f"{entry['name']}: the recipe's type {dtype!r} is unknown.")
    return values.reshape(shape).astype(dtype)


def load_weights(folder: Path, where: Mapping[str, Any]) -> dict[str, Any]:
    """Tensors of a file or a recipe, ``key_prefix`` taken off."""
    import torch
    from safetensors.torch import load_file

    if "recipe" in where:
        data = json.loads((folder / where["recipe"]).read_text("utf-8"))
        entries = data["entries"] if isinstance(data, dict) else data
        if len({e["name"] for e in entries}) != len(entries):
            raise Refusal(f"{where['recipe']} names a parameter twice.")
        state: dict[str, Any] = {e["name"]: torch.from_numpy(np.array(recipe_array(e))) for e in entries}
    elif str(where["file"]).endswith(".safetensors"):
        state = load_file(folder / where["file"])
    else:
        loaded = torch.load(folder / where["file"], map_location="cpu", weights_only=True)
        inner = loaded.get("model", loaded.get("state_dict", loaded))
        state = {k: v for k, v in inner.items() if isinstance(v, torch.Tensor)}
    prefix = where.get("key_prefix", "")
    return {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}


def cut(array: np.ndarray, slices: Any) -> np.ndarray:
    """``array[start:stop:step, …]`` by a manifest's slice; ``None``: whole."""
    return array if slices is None else array[tuple(slice(*s) for s in slices)]


def load_input(folder: Path, where: Any) -> np.ndarray:
    """One input, or a list of them stacked on a new first axis."""
    if isinstance(where, list):
        return np.stack([load_input(folder, w) for w in where])
    with np.load(folder / where["file"]) as arrays:
        value = cut(arrays[where["array"]], where.get("slice"))
    if list(value.shape) != list(where["shape"]):
        raise Refusal(f"{where['array']} of {where['file']} is {value.shape}, not {where['shape']}.")
    return value


def compare(ours: np.ndarray, stored: np.ndarray, stage: Mapping[str, Any]) -> tuple[float, float]:
    """Largest difference and excess (1 is the border) of ``ours`` (whole) against the stored cut."""
    if list(ours.shape) != list(stage["full_shape"]):
        return math.inf, math.inf
    a, b = np.asarray(cut(ours, stage.get("slice")), np.float64), np.asarray(stored, np.float64)
    if a.shape != b.shape or np.isnan(a).any() or np.isnan(b).any():
        return math.inf, math.inf
    if a.size == 0:
        return 0.0, 0.0
    difference = np.abs(a - b)
    if stage.get("exact"):
        return float(difference.max()), 0.0 if (a == b).all() else math.inf
    limit = stage["atol"] + stage["rtol"] * np.abs(b)
    excess = np.divide(difference, limit, out=np.where(difference > 0, math.inf, 0.0), where=limit > 0)
    return float(difference.max()), float(excess.max())


def check_manifest(manifest: Mapping[str, Any]) -> None:
    """Refuse what this program does not know."""
    if manifest.get("format") != 1:
        raise Refusal(f"The manifest's format {manifest.get('format')!r} is unknown; this program reads 1.")
    for model in manifest["models"]:
        method = model["method"]
        if method not in METHODS:
            raise Refusal(f"The method {method!r} is unknown here; there are {', '.join(METHODS)}.")
        known = importlib.import_module(f"pluripaint.methods.{method}.stages")
        if model["layout"] not in known.LAYOUTS:
            raise Refusal(f"The layout {model['layout']!r} of {method} is unknown.")
        for name, value in model.get("switches", {}).items():
            if not any(value is v or value == v for v in known.SWITCHES.get(name, ())):
                raise Refusal(f"The switch {name} = {value!r} of {method} is unknown.")
        for kind, given, allowed in (
            ("role", model["weights"], known.ROLES),
            ("case", model["cases"], known.CASES),
        ):
            for name in given:
                if name not in allowed:
                    raise Refusal(f"The {kind} {name!r} of {method} is unknown.")
        pairs = [(s["case"], s["stage"]) for s in model["stages"]]
        if len(set(pairs)) != len(pairs):
            raise Refusal(f"Model {model['name']} names a stage twice.")
        if any(case not in model["cases"] for case, _ in pairs):
            raise Refusal(f"Model {model['name']} has a stage of a case that it does not describe.")
    if manifest.get("bundles"):
        raise Refusal("The folder holds TensorFlow bundles, which no method here reads.")


class Check:
    """One run over a folder: counts what was compared and what should have been."""

    def __init__(self, folder: Path, everything: bool) -> None:
        self.folder, self.everything = folder, everything
        self.compared = self.wanted = 0
        self.largest = 0.0
        self.failed = False

    def _note(self, name: str, difference: float, excess: float) -> None:
        self.compared += 1
        self.largest = max(self.largest, excess)
        self.failed |= not excess <= 1
        print(f"{name:60} {difference:12.3e} {excess:10.3e}{'' if excess <= 1 else '  FAILS'}", flush=True)

    def _fail(self, sentence: str) -> None:
        self.failed = True
        print(f"FAILS: {sentence}", flush=True)

    def run(self) -> bool:
        """True if everything required was compared and all is within tolerance."""
        manifest = json.loads((self.folder / "conformance.json").read_text("utf-8"))
        check_manifest(manifest)
        for model in manifest["models"]:
            self._model(model)
        return not self.failed and self.compared == self.wanted

    def _model(self, model: Mapping[str, Any]) -> None:
        known = importlib.import_module(f"pluripaint.methods.{model['method']}.stages")
        required = [s for s in model["stages"] if s["required"] or self.everything]
        cases = [c for c in model["cases"] if any(s["case"] == c for s in required)]
        try:
            weights = {role: load_weights(self.folder, where) for role, where in model["weights"].items()}
            config = known.configuration(model["layout"], model["config"], model["switches"])
            network = known.build(config, weights["model"])
        except (ValueError, KeyError, OSError) as error:
            self.wanted += len(required)
            self._fail(f"{model['name']}: {error}")
            return
        self._containers(model, known, config, network)
        for case in cases:
            fresh = known.build(config, weights["model"]) if case != "main" else network
            self._case(model, case, known, fresh, weights.get("losses"))

    def _containers(self, model: Mapping[str, Any], known: Any, config: Any, network: Any) -> None:
        """Other containers of the same weights must be equal bit for bit once imported."""
        import torch

        for path in model["weights"]["model"].get("same_as", []):
            self.wanted += 1
            prefix = model["weights"]["model"].get("key_prefix", "")
            try:
                other = known.build(config, load_weights(self.folder, {"file": path, "key_prefix": prefix}))
            except (ValueError, KeyError, OSError) as error:
                self._fail(f"{path}: {error}")
                continue
            pairs = zip(network.state_dict().values(), other.state_dict().values(), strict=True)
            same = all(torch.equal(a, b) for a, b in pairs)
            self._note(f"{model['name']} same_as {path}", 0.0, 0.0 if same else math.inf)

    def _case(self, model: Mapping[str, Any], case: str, known: Any, network: Any, losses: Any) -> None:
        import torch

        description = model["cases"][case]
        inputs = {
            role: torch.from_numpy(np.ascontiguousarray(load_input(self.folder, where)))
            for role, where in description["inputs"].items()
        }
        listed = {s["stage"]: s for s in model["stages"] if s["case"] == case}
        seen: set[str] = set()
        for name, value in known.run(network, case, inputs, description["settings"], losses):
            stage = listed.get(name)
            if stage is None or name in seen:
                continue
            seen.add(name)
            self.wanted += 1
            with np.load(self.folder / stage["file"]) as arrays:
                stored = arrays[stage["array"]]
            ours = value.detach().numpy()
            self._note(f"{model['name']} {case} {name}", *compare(ours, stored, stage))
        for name in listed.keys() - seen:
            self.wanted += 1
            if listed[name]["required"] or self.everything:
                self._fail(f"{model['name']} {case} {name} is unknown to this program")
            else:
                self.wanted -= 1


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 all within tolerance, 1 something differs or is missing, 2 the folder is refused."""
    parser = argparse.ArgumentParser(prog="python -m pluripaint.evaluation.conformance", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder with a conformance.json")
    parser.add_argument("--all", action="store_true", help="optional stages are required too")
    options = parser.parse_args(arguments)
    import torch

    torch.set_num_threads(1)
    check = Check(options.folder, options.all)
    try:
        good = check.run()
    except FileNotFoundError as error:
        print(f"{error.filename} is missing.", file=sys.stderr)
        return 2
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 2
    print(f"compared {check.compared} of {check.wanted}, largest excess {check.largest:.3g}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
