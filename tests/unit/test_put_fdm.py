"""put_fdm: token models, samplers, import and use, through the doors the rest of the house uses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch.nn import functional

from pluripaint.cli.import_weights import command
from pluripaint.methods import records, registry
from pluripaint.methods.base import Cancelled, Scene
from pluripaint.methods.put_fdm import config, importer, sampling, stages
from pluripaint.methods.put_fdm.context_once import ContextOnce, gather_padded, grid_places, rotary
from pluripaint.methods.put_fdm.method import PutFdmMethod
from pluripaint.methods.put_fdm.networks import PutFdm

PUT_A = Path(__file__).parent.parent / "conformance" / "put_a"


class Quiet:
    cancel_flag = np.zeros(1, np.uint8)

    def __call__(self, stage: str, fraction: float, preview: object = None) -> None:
        assert 0 <= fraction <= 1


def scene(side: int = 32, seed: int = 0) -> Scene:
    rng = np.random.default_rng(seed)
    hole = np.zeros((side, side), bool)
    hole[side // 4 : side // 2 + 3, side // 4 : side // 2 + 6] = True
    image = rng.random((side, side, 3), np.float32)
    image[hole] = 0
    none = np.zeros_like(hole)
    return Scene(image, hole, hole, ~none, none)


def toy(name: str = "toy") -> PutFdm:
    torch.manual_seed(3)
    model = PutFdm(config.CONFIGS[name])
    with torch.no_grad():
        for parameter in model.tokens.parameters():
            if parameter.dim() > 1:
                parameter.mul_(6)
    return model.eval()


def plain_forward(model: ContextOnce, known: torch.Tensor, codes: torch.Tensor, decided: torch.Tensor,
                  places: torch.Tensor, hole_places: torch.Tensor) -> torch.Tensor:  # fmt: skip
    """The same network as one sequence with a boolean attention mask, nothing cached."""
    x = torch.cat([model.from_feature(known), model.hole_input(codes, decided)], 1)
    angles = rotary(torch.cat([places, hole_places], 1), model.dim)
    k, n = known.shape[1], x.shape[1]
    mask = torch.ones(n, n, dtype=torch.bool)
    mask[:k, k:] = False
    for block in model.blocks:
        q, key, v = block.split(x, angles)
        x = block.finish(x, functional.scaled_dot_product_attention(q, key, v, attn_mask=mask))
    return model.to_logits(model.norm(x))[:, k:]


def test_cached_context_equals_plain_masked_forward() -> None:
    model = toy().tokens
    assert isinstance(model, ContextOnce)
    places = grid_places(4, 4)[None]
    known, hole = places[:, :9], places[:, 9:]
    features, codes = torch.randn(1, 9, 16), torch.randn(3, 7, 16)
    decided = torch.rand(3, 7) < 0.5
    context = model.context(features, known, torch.ones(1, 9, dtype=torch.bool))
    cached = model(codes, decided, hole.expand(3, -1, -1), None, context)
    plain = plain_forward(
        model, features.expand(3, -1, -1), codes, decided, known.expand(3, -1, -1), hole.expand(3, -1, -1)
    )
    assert torch.allclose(cached, plain, atol=1e-5)
    assert not torch.allclose(cached[:, 0], cached[:, 1], atol=1e-3)


def test_padding_changes_nothing() -> None:
    model = toy().tokens
    assert isinstance(model, ContextOnce)
    complete = torch.zeros(2, 16, dtype=torch.bool)
    complete[0, :9] = complete[1, :4] = True
    features = torch.randn(2, 16, 16)
    places = grid_places(4, 4)[None].expand(2, -1, -1)

    def logits(rows: slice) -> torch.Tensor:
        chosen = complete[rows]
        known, exists = gather_padded(features[rows], chosen)
        context = model.context(known, gather_padded(places[rows], chosen)[0], exists)
        where, real = gather_padded(places[rows], ~chosen)
        codes = torch.zeros(*where.shape[:2], 16)
        return model(codes, torch.zeros(where.shape[:2], dtype=torch.bool), where, real, context)

    both = logits(slice(0, 2))
    assert torch.allclose(both[0, :7], logits(slice(0, 1))[0], atol=1e-5)
    assert torch.allclose(both[1], logits(slice(1, 2))[0], atol=1e-5)


@pytest.mark.parametrize("order", ["parallel", "sequential"])
def test_a_seed_gives_the_same_tokens_whatever_the_batch(order: str) -> None:
    model = toy()
    job = model.job(
        torch.rand(1, 3, 16, 16) * 255, torch.cat([torch.ones(1, 1, 16, 8), torch.zeros(1, 1, 16, 8)], 3)
    )
    settings = config.Sampler(order, 2, top_k=0, steps=6)

    def draw(seeds: list[int]) -> torch.Tensor:
        field = job.field(len(seeds))
        with torch.no_grad():
            for _ in sampling.steps(field, settings, [torch.Generator().manual_seed(s) for s in seeds]):
                pass
        assert not field.unknown.any()
        return field.tokens

    together = draw([5, 6, 7, 8])
    for k, seed in enumerate([5, 6, 7, 8]):
        assert torch.equal(draw([seed])[0], together[k])
    assert not torch.equal(together[0], together[1])


@given(
    st.integers(1, 1024), st.integers(1, 40), st.sampled_from(["cosine", "linear", "cosine-1", "linear-1"])
)
def test_schedules_sum_to_the_unknown(unknown: int, forwards: int, name: str) -> None:
    counts = sampling.schedule(name, unknown, forwards)
    assert sum(counts) == unknown and len(counts) == forwards and min(counts) >= 0


def test_published_schedules() -> None:
    assert sampling.schedule("cosine", 27, 5) == [9, 8, 6, 3, 1]
    assert sampling.schedule("cosine", 600, 5) == [200, 181, 131, 69, 19]


def test_published_parameter_counts() -> None:
    with torch.device("meta"):
        model = PutFdm(config.CONFIGS["fdm-places"])
    millions = {k: sum(v.numel() for v in m.state_dict().values()) / 1e6 for k, m in model.named_children()}
    assert {k: round(v, 2) for k, v in millions.items()} == {"codec": 7.93, "tokens": 111.25, "fdm": 3.81}
    with torch.device("meta"):
        model = PutFdm(config.CONFIGS["tpami-places"])
    assert round(sum(v.numel() for v in model.state_dict().values()) / 1e6, 2) == 103.47


def small_config(model: str) -> config.Config:
    manifest = json.loads((PUT_A / "conformance.json").read_text())
    described = next(m for m in manifest["models"] if m["name"] == model)
    built = stages.configuration(described["layout"], described["config"], described["switches"])
    return replace(built, sampler=config.Sampler())  # the reference runs are greedy; people draw


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path))
    for model in ("fdm", "cvpr", "tpami"):
        monkeypatch.setitem(config.CONFIGS, f"tiny-{model}", small_config(model))
    return tmp_path


def import_weights(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(command, [str(a) for a in arguments])
    return result.exit_code, result.output


def test_two_files_become_one_usable_model(home: Path) -> None:
    state = load_file(PUT_A / "weights_fdm.safetensors")
    tuned = {k: v for k, v in state.items() if not k.startswith("generator.")}
    old = {("lip." + k[4:] if k.startswith("fdm.") else k): v for k, v in tuned.items()}
    torch.save(
        {"model": {"module." + k: v for k, v in old.items()}, "last_epoch": 9}, home / "fdm_tuning.pth"
    )
    torch.save(
        {"model": {k: v for k, v in state.items() if k.startswith("generator.")}}, home / "transformer.pth"
    )
    code, said = import_weights(
        home / "fdm_tuning.pth", home / "transformer.pth", "--method", "put_fdm", "--name", "places.tiny"
    )
    assert code == 0, said
    assert "tiny-fdm" in said
    assert [r["name"] for r in records.listed("put_fdm")] == ["places.tiny"]
    method = registry.load("put_fdm", "places.tiny")
    given_scene = scene(64)
    fills = list(method.fill(given_scene, [1, 2], {"steps": 3}, Quiet()))
    assert [f.seed for f in fills] == [1, 2]
    assert fills[0].image.shape == (64, 64, 3) and fills[0].image.dtype == np.float32
    assert np.abs(fills[0].image - fills[1].image).max() > 0


def test_a_put_transformer_serves_an_fdm_codec(home: Path) -> None:
    state = load_file(PUT_A / "weights_fdm.safetensors")
    tuned = {k: v for k, v in state.items() if not k.startswith("generator.")}
    name, model = importer.imported([tuned, load_file(PUT_A / "weights_put_cvpr.safetensors")])
    assert name == "tiny-fdm"
    assert torch.equal(model.state_dict()["tokens.norm.weight"], state["generator.layer_norm.weight"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.pop("blocks.0.attn.key.bias"), "missing: blocks.0.attn.key.bias"),
        (lambda s: s.update({"extra.weight": torch.zeros(1)}), "unexpected: extra.weight"),
        (lambda s: s.update({"emb_proj.weight": torch.zeros(3, 3)}), "emb_proj.weight is [3, 3]"),
        (lambda s: [s.pop(k) for k in list(s) if k.startswith("blocks")], "codec but no transformer"),
        (
            lambda s: [s.pop(k) for k in list(s)] and s.update({"conv1.weight": torch.zeros(1)}),
            "another architecture",
        ),
    ],
)
def test_refusals_name_the_keys(home: Path, change: object, words: str) -> None:
    state = load_file(PUT_A / "weights_put_cvpr.safetensors")
    change(state)  # type: ignore[operator]
    torch.save(state, home / "x.pth")
    code, said = import_weights(home / "x.pth", "--method", "put_fdm", "--name", "x", "--config", "tiny-cvpr")
    assert code == 1 and words in said.replace("\n", " ")
    assert not list((home).glob("weights/*"))


def test_a_pickle_with_code_is_not_loaded(home: Path) -> None:
    torch.save({"model": Quiet()}, home / "evil.pth")
    code, said = import_weights(home / "evil.pth", "--method", "put_fdm", "--name", "x")
    assert code == 1 and "not loaded" in said


def test_no_default_weights_is_said_in_a_sentence(home: Path) -> None:
    with pytest.raises(registry.MethodError, match="no default weights yet"):
        registry.load("put_fdm")
    assert not registry.trained("put_fdm")


def test_half_precision_weights_fill_any_size_without_training_buffers(home: Path) -> None:
    model = toy()
    state = {
        k: v for k, v in model.state_dict().items() if "codebook.count" not in k and "codebook.total" not in k
    }
    record = records.Record("put_fdm", "mine", model.config.to_json(), "nothing", "Apache-2.0")
    records.save(record, state, half=True)
    method = registry.load("put_fdm", "mine")
    assert isinstance(method, PutFdmMethod) and method.info.native_size == 16
    given_scene = scene(40)
    alone = next(method.fill(given_scene, [9], {}, Quiet()))
    later = list(method.fill(given_scene, [8, 9, 10], {}, Quiet()))[1]
    assert later.seed == 9 and np.abs(alone.image - later.image).max() <= 1 / 255
    assert alone.certainty is not None and alone.certainty[given_scene.hole].max() < 1


def test_hidden_pixels_change_nothing() -> None:
    method = PutFdmMethod(toy())
    shown = scene(16)
    loud = Scene(np.where(shown.hole[..., None], np.float32(1), shown.image), shown.hole,
    shown.core, shown.valid,
                 shown.exclude)  # fmt: skip
    a, b = (next(method.fill(s, [4], {}, Quiet())) for s in (shown, loud))
    assert np.array_equal(a.image, b.image) and a.score == b.score


def test_cancel_passes_through_at_a_step() -> None:
    calls = []

    def cancel(stage: str, fraction: float, preview: object = None) -> None:
        calls.append(fraction)
        if len(calls) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(PutFdmMethod(toy()).fill(scene(16), [1], {}, cancel))  # type: ignore[arg-type]
    assert len(calls) == 2
