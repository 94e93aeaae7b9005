"""Published key names ↔ ours, and the refusals of what does not fit.

Three key styles exist: PUT CVPR 2022, PUT TPAMI 2024 and the FDM program's.  Everything is first
brought to the PUT style (``content_codec.`` before the codec, bare transformer, ``fdm.``), then taken by
our names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from pluripaint.methods.put_fdm.config import CONFIGS, Config
from pluripaint.methods.put_fdm.networks import PutFdm


class Refused(ValueError):
    """The weights do not fit; the sentence says why and names the keys."""


@dataclass(frozen=True)
class Source:
    """Where one of our parameters comes from: a published key, of it the rows of one third (q, k,
    v) or all."""

    key: str
    third: int | None = None


_CODEC_RULES: Sequence[tuple[str, str]] = (
    (r"encoder\.first\.(\w+)", r"encoder.pre_layers.0.\1"),
    (r"encoder\.blocks\.(\d+)\.first\.(\w+)", r"encoder.res_layers.\1.layers.1.\2"),
    (r"encoder\.blocks\.(\d+)\.second\.(\w+)", r"encoder.res_layers.\1.layers.3.\2"),
    (r"encoder\.last\.(\w+)", r"encoder.post_layers.1.\1"),
    (r"to_code\.(\w+)", r"quant_conv.\1"),
    (r"from_code\.(\w+)", r"post_quant_conv.\1"),
    (r"codebook\.embedding", r"quantize.embedding"),
    (r"codebook\.count", r"quantize.cluster_size"),
    (r"codebook\.total", r"quantize.embedding_avg"),
    (r"decoder\.first\.(\w+)", r"decoder.pre_layers.0.\1"),
    (r"decoder\.blocks\.(\d+)\.first\.(\w+)", r"decoder.res_layers.\1.conv.1.\2"),
    (r"decoder\.blocks\.(\d+)\.second\.(\w+)", r"decoder.res_layers.\1.conv.3.\2"),
    (r"decoder\.reference\.first\.(\w+)", r"decoder.encoder.layers.0.\1"),
    (r"decoder\.last\.(\w+)", r"decoder.post_layers.1.\1"),
)
_CVPR_RULES: Sequence[tuple[str, str]] = (
    (r"project\.(\w+)", r"emb_proj.\1"),
    (r"positions", r"pos_emb"),
    (r"mask_embedding", r"mask_emb"),
    (r"blocks\.(\d+)\.norm([12])\.(\w+)", r"blocks.\1.ln\2.\3"),
    (r"blocks\.(\d+)\.attention\.(query|key|value)\.(\w+)", r"blocks.\1.attn.\2.\3"),
    (r"blocks\.(\d+)\.attention\.project\.(\w+)", r"blocks.\1.attn.proj.\2"),
    (r"blocks\.(\d+)\.fc1\.(\w+)", r"blocks.\1.mlp.0.\2"),
    (r"blocks\.(\d+)\.fc2\.(\w+)", r"blocks.\1.mlp.2.\2"),
    (r"norm\.(\w+)", r"layer_norm.\1"),
    (r"to_logits\.(\w+)", r"to_logits.\1"),
)
_TPAMI_RULES: Sequence[tuple[str, str]] = (
    (r"blocks\.(\d+)\.norm([12])\.(\w+)", r"blocks.\1.norm\2.\3"),
    (r"blocks\.(\d+)\.attention\.(?:query|key|value)\.weight", r"blocks.\1.attn.qkv.weight"),
    (r"blocks\.(\d+)\.attention\.query\.bias", r"blocks.\1.attn.q_bias"),
    (r"blocks\.(\d+)\.attention\.value\.bias", r"blocks.\1.attn.v_bias"),
    (r"blocks\.(\d+)\.fc([12])\.(\w+)", r"blocks.\1.mlp.fc\2.\3"),
    (r"norm\.(\w+)", r"norm.\1"),
    *_CVPR_RULES,
)
#: in files of the published programs that are no part of the networks.
_IGNORED = re.compile(r"(loss\..*|temp)$")


def _by_rules(name: str, rules: Sequence[tuple[str, str]]) -> str | None:
    for pattern, published in rules:
        match = re.fullmatch(pattern, name)
        if match:
            return match.expand(published)
    return None


def _staged(name: str, up_blocks: int, transposed: bool) -> str | None:
    """Up stages and reference branch, whose published indices count blocks and convolutions together."""
    stride = up_blocks + 1
    if match := re.fullmatch(r"decoder\.ups\.(\d+)\.conv\.(\w+)", name):
        kind = "deconv" if transposed else "conv"
        return f"decoder.up_layers.{int(match[1]) * stride}.{kind}.{match[2]}"
    if match := re.fullmatch(r"decoder\.reference\.halvings\.(\d+)\.conv\.(\w+)", name):
        kind = "" if transposed else "conv."
        return f"decoder.encoder.layers.{(int(match[1]) + 1) * stride}.{kind}{match[2]}"
    block = r"(\d+)\.(\d+)\.(first|second)\.(\w+)"
    for ours, theirs in (
        (r"decoder\.up_blocks\.", "decoder.up_layers"),
        (r"decoder\.reference\.blocks\.", "decoder.encoder.layers"),
    ):
        if match := re.fullmatch(ours + block, name):
            index = int(match[1]) * stride + 1 + int(match[2])
            return f"{theirs}.{index}.conv.{1 if match[3] == 'first' else 3}.{match[4]}"
    return None


def source(name: str, config: Config) -> Source:
    """Where our parameter ``name`` lies in a file of PUT style.  Raises ``KeyError`` if nothing
    corresponds."""
    part, _, rest = name.partition(".")
    if part == "codec":
        codec = config.codec
        published = _by_rules(rest, _CODEC_RULES) or _staged(rest, codec.up_blocks, codec.up == "transposed")
        if published:
            return Source("content_codec." + published)
    elif part == "fdm" and config.fdm:
        if match := re.fullmatch(r"blocks\.(\d+)\.(first|second)\.(\w+)", rest):
            index = 0 if match[2] == "first" else 2
            return Source(f"fdm.mix.{int(match[1]) + 2}.conv.{index}.{match[3]}")
        end, _, kind = rest.partition(".")
        return Source(f"fdm.mix.{0 if end == 'first' else config.fdm.blocks + 2}.{kind}")
    elif part == "tokens":
        tpami = config.tokens.kind == "tpami"
        published = _by_rules(rest, _TPAMI_RULES if tpami else _CVPR_RULES)
        if published:
            third = None
            if published.endswith("qkv.weight"):
                third = next(i for i, word in enumerate(("query", "key", "value")) if f".{word}." in rest)
            return Source(published, third)
    raise KeyError(name)


def _fdm_codec(key: str, back: bool) -> str:
    """Rename a codec key from PUT to FDM style (``back``: the other way)."""
    pairs = (("0", "1"), ("2", "3")) if back else (("1", "0"), ("3", "2"))
    table = dict(pairs)

    def renumber(match: re.Match[str]) -> str:
        return match[1] + table.get(match[2], match[2]) + match[3]

    key = re.sub(r"(encoder\.res_layers\.\d+\.layers\.)(\d)(\..*)", renumber, key)
    key = re.sub(r"(decoder\.res_layers\.\d+\.conv\.)(\d)(\..*)", renumber, key)
    return re.sub(r"(coder\.post_layers\.)(\d)(\..*)", renumber, key)


def published_name(name: str, config: Config) -> str:
    """The published key of our parameter ``name`` in the style of ``config.layout``."""
    key = source(name, config).key
    if config.layout != "fdm":
        return key
    if key.startswith("content_codec."):
        return _fdm_codec(key, back=False)
    return key if key.startswith("fdm.") else "generator." + key


def unwrapped(loaded: object) -> dict[str, Tensor]:
    """The parameters of a checkpoint: under ``model``, else ``state_dict``, else the mapping itself."""
    inner = loaded
    for wrapper in ("model", "state_dict"):
        if isinstance(inner, Mapping) and isinstance(inner.get(wrapper), Mapping):
            inner = inner[wrapper]
            break
    if not isinstance(inner, Mapping):
        raise Refused("This file holds no dictionary of parameters; give a checkpoint of PUT or FDM.")
    tensors = {str(k).removeprefix("module."): v for k, v in inner.items() if isinstance(v, Tensor)}
    if not tensors:
        raise Refused("This file holds no parameters; give a checkpoint of PUT or FDM.")
    return tensors


def canonical(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Any published style brought to the PUT style; losses and the unused ``temp`` are dropped."""
    renamed = {("fdm." + k[4:] if "lip" in k.split(".")[0] else k): v for k, v in state.items()}
    renamed = {k: v for k, v in renamed.items() if not _IGNORED.match(k)}
    if "encoder.pre_layers.0.weight" in renamed:
        renamed = {"content_codec." + k: v for k, v in renamed.items()}
    renamed = {k.removeprefix("generator."): v for k, v in renamed.items()}
    codec = "content_codec."
    if codec + "encoder.post_layers.0.weight" in renamed:
        renamed = {(_fdm_codec(k, back=True) if k.startswith(codec) else k): v for k, v in renamed.items()}
    return renamed


def merged(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """One model of several files of PUT style.

    The codec comes from the file that has an FDM (it was tuned with it), else from the first that
    has one; the transformer from the last file that has one and no FDM, else from any."""
    by_fdm = sorted(states, key=lambda s: any(k.startswith("fdm.") for k in s))
    out: dict[str, Tensor] = {}
    for state in reversed(by_fdm):
        for key, value in state.items():
            if key.startswith(("content_codec.", "fdm.")):
                out.setdefault(key, value)
    for state in by_fdm:
        for key, value in state.items():
            if not key.startswith(("content_codec.", "fdm.")):
                out.setdefault(key, value)
    return out


def layout_of(state: Mapping[str, Tensor]) -> str:
    """``fdm``, ``cvpr`` or ``tpami`` of a merged state.  Raises :class:`Refused` for other architectures."""
    if any(k.startswith("fdm.mix.") for k in state):
        return "fdm"
    if "blocks.0.attn.qkv.weight" in state and "content_codec.encoder.pre_layers.0.weight" in state:
        return "tpami"
    if "blocks.0.attn.key.weight" in state:
        return "cvpr"
    if "content_codec.encoder.pre_layers.0.weight" in state:
        raise Refused(
            "These files hold the codec but no transformer; give the transformer's checkpoint as well."
        )
    some = ", ".join(sorted(state)[:3])
    raise Refused(f"These weights are of another architecture than PUT or FDM (keys such as {some}).")


def _listed(keys: Sequence[str]) -> str:
    rest = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
    return ", ".join(keys[:5]) + rest


def _resized_positions(value: Tensor, wanted: torch.Size, grid: tuple[int, int]) -> Tensor:
    """Positions of another square grid, bilinearly resized as the TPAMI program does."""
    side = round(value.shape[1] ** 0.5)
    if side * side != value.shape[1] or value.shape[2] != wanted[2]:
        return value
    square = value.transpose(1, 2).unflatten(2, (side, side))
    return functional.interpolate(square, size=grid, mode="bilinear").flatten(2).transpose(1, 2)


def fill(model: PutFdm, state: Mapping[str, Tensor]) -> None:
    """Load a state of PUT style into ``model``, every key of it and of the model, or refuse by name."""
    config = model.config
    own = model.state_dict()
    taken: dict[str, Tensor] = {}
    used: set[str] = set()
    missing: list[str] = []
    misshapen: list[str] = []
    for name, parameter in own.items():
        origin = source(name, config)
        value = state.get(origin.key)
        if value is None:
            missing.append(published_name(name, config))
            continue
        used.add(origin.key)
        if origin.third is not None and len(value) % 3 == 0:
            value = value.chunk(3)[origin.third]
        if name == "tokens.mask_embedding" and value.numel() == parameter.numel():
            value = value.reshape(parameter.shape)
        if name == "tokens.positions" and value.dim() == 3 and config.tokens.kind == "tpami":
            value = (
                value
                if value.shape == parameter.shape
                else _resized_positions(value, parameter.shape, config.grid)
            )
        if value.shape != parameter.shape:
            expected, found = list(parameter.shape), list(value.shape)
            misshapen.append(f"{published_name(name, config)} is {found} instead of {expected}")
            continue
        taken[name] = value.to(parameter.dtype)
    unexpected = sorted(k for k in state if k not in used)
    if missing or misshapen or unexpected:
        said = []
        if missing:
            said.append(f"missing: {_listed(sorted(set(missing)))}")
        if misshapen:
            said.append(f"of another shape: {_listed(misshapen)}")
        if unexpected:
            said.append(f"unexpected: {_listed(unexpected)}")
        raise Refused("The weights do not fit this configuration; " + "; ".join(said) + ".")
    model.load_state_dict(taken)


def imported(files: Sequence[Mapping[str, Tensor]], config_name: str | None = None) -> tuple[str, PutFdm]:
    """A model of published checkpoints (already loaded and unwrapped) and the name of its configuration.

    Without a name, the first published configuration whose every key and shape fits is taken.
    """
    state = merged([canonical(s) for s in files])
    layout = layout_of(state)
    if config_name is not None and config_name not in CONFIGS:
        raise Refused(f"There is no configuration {config_name!r}; there are {', '.join(sorted(CONFIGS))}.")
    names = [config_name] if config_name else [n for n, c in CONFIGS.items() if c.layout == layout]
    refusal: Refused | None = None
    for name in names:
        config = CONFIGS[name]
        if config.layout != layout:
            raise Refused(
                f"These weights have the {layout} layout; "
                f"configuration {name!r} is of the {config.layout} layout."
            )
        with torch.device("meta"):
            shapes = PutFdm(config).state_dict()
        try:
            _check_shapes(shapes, state, config)
        except Refused as error:
            refusal = refusal or error
            continue
        model = PutFdm(config)
        fill(model, state)
        return name, model.eval()
    if config_name is None and len(names) > 1:
        raise Refused(
            f"No published configuration fits (tried {', '.join(names)}); name one. First: {refusal}"
        )
    raise refusal or Refused("No configuration fits these weights.")


def _check_shapes(shapes: Mapping[str, Tensor], state: Mapping[str, Tensor], config: Config) -> None:
    """Cheap form of :func:`fill`'s refusals, before a large model is built."""
    wanted = {source(name, config).key for name in shapes}
    missing = sorted(wanted - set(state))
    unexpected = sorted(set(state) - wanted)
    if missing or unexpected:
        said = [f"missing: {_listed(missing)}"] if missing else []
        said += [f"unexpected: {_listed(unexpected)}"] if unexpected else []
        raise Refused("The weights do not fit this configuration; " + "; ".join(said) + ".")
    for name in ("codec.codebook.embedding", "tokens.project.weight", "codec.encoder.first.weight"):
        key = source(name, config).key
        if state[key].shape != shapes[name].shape:
            found, expected = list(state[key].shape), list(shapes[name].shape)
            raise Refused(
                f"The weights do not fit this configuration; {key} is {found} instead of {expected}."
            )
