"""Every named stage of a reference folder, computed by our networks: what the conformance check compares."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from pluripaint.layers.discriminators import PatchDiscriminator
from pluripaint.layers.vgg19 import Vgg19
from pluripaint.methods.put_fdm import config as sizes
from pluripaint.methods.put_fdm import importer, objectives, sampling
from pluripaint.methods.put_fdm.networks import Job, PutFdm, UqField
from pluripaint.methods.put_fdm.patches import KNOWN, MASKED, PARTLY, normalised, patch_types

LAYOUTS = ("fdm", "cvpr", "tpami")
CASES = ("main", "training")
ROLES = ("model", "losses")
SWITCHES: Mapping[str, tuple[Any, ...]] = {
    "residual_skip": ("rectified",),
    "hole_value": ("normalised black",),
    "merge_mask": ("nearest",),
    "known_patches_into_decoder": ("encoder features", "code vectors"),
    "paste_known": (False, True),
}
_UPS = {
    "transposed convolution 4x4 stride 2": "transposed",
    "nearest x2 then 3x3 convolution": "nearest",
}


def configuration(layout: str, data: Mapping[str, Any], switches: Mapping[str, Any]) -> sizes.Config:
    """A :class:`Config` of a manifest's plain sizes.  Raises ``ValueError`` for what our networks
    cannot be."""
    book, enc, dec = data["codebook"], data["encoder"], data["decoder"]
    if book["first_masked_code"] != book["unmasked_codes"]:
        raise ValueError("the masked codes do not follow the unmasked ones")
    codec = sizes.Codec(
        patch=data["patch_size"], codes=book["unmasked_codes"], masked_codes=book["masked_codes"],
        code_dim=book["code_dim"], ema_decay=book["ema_decay"], ema_eps=book["ema_eps"],
        encoder_width=enc["width"], encoder_hidden=enc["residual_hidden"],
        encoder_blocks=enc["residual_blocks"], encoder_out=enc["out_channels"],
        decoder_in=dec["in_channels"], decoder_width=dec["width"], decoder_hidden=dec["residual_hidden"],
        decoder_blocks=dec["residual_blocks"], base=dec["base_channels"], up=_UPS[dec["up"]],
        up_blocks=dec["residual_blocks_after_each_up"],
    )  # fmt: skip
    tr = data["transformer"]
    if tr.get("tokens_per_position", [1, 1]) != [1, 1]:
        raise ValueError("more than one token a position is not supported")
    tokens = sizes.Tokens(
        "tpami" if layout == "tpami" else "cvpr", tr["layers"], tr["dim"], tr["heads"], tr["mlp_ratio"],
        tr["classes"], tr["sequence_length"], tr["layer_norm_eps"], tr.get("mask_embedding", False),
        1.0 if "(1-p)" in data.get("loss", "") else 0.0,
    )  # fmt: skip
    fdm = data.get("fdm")
    numbers = data["normalise"]
    return sizes.Config(
        layout,
        tuple(data["token_grid"]),
        codec,
        tokens,
        sizes.Dequantiser(fdm["channels"], fdm["residual_hidden"], fdm["residual_blocks"]) if fdm else None,
        sizes.Normalise(float(numbers["scale"]), tuple(numbers["mean"]), tuple(numbers["std"])),
        sizes.Sampler(top_k=1),
        switches.get("known_patches_into_decoder") == "encoder features",
        bool(switches.get("paste_known", False)),
    )


def build(config: sizes.Config, weights: Mapping[str, Tensor]) -> PutFdm:
    """Our network with published weights.  Raises :class:`importer.Refused`."""
    model = PutFdm(config).eval()
    importer.fill(model, importer.canonical(importer.unwrapped(dict(weights))))
    return model


def run(
    model: PutFdm,
    case: str,
    inputs: Mapping[str, Tensor],
    settings: Mapping[str, Any],
    losses: Mapping[str, Tensor] | None,
) -> Iterator[tuple[str, Tensor]]:
    """Yield (stage name, value) of a case."""
    if case == "training":
        yield from Training(model, inputs, settings, losses).stages()
    else:
        with torch.no_grad():
            yield from _inference(model, inputs, settings)


def _images(value: Tensor) -> Tensor:
    value = value.unsqueeze(0) if value.dim() == 3 else value
    return value.permute(0, 3, 1, 2).float()


def _masks(value: Tensor) -> Tensor:
    return (value.unsqueeze(0) if value.dim() == 2 else value).unsqueeze(1).float()


class _Taps:
    """Collects tapped maps under a prefix, rectified where the publication stores them so."""

    def __init__(self, prefix: str, rectify: Callable[[str], bool] = lambda name: False) -> None:
        self.prefix, self.rectify, self.seen = prefix, rectify, dict[str, Tensor]()

    def __call__(self, name: str, value: Tensor) -> None:
        self.seen[f"{self.prefix}{name}"] = torch.relu(value) if self.rectify(name) else value.clone()


def _inference(
    model: PutFdm, inputs: Mapping[str, Tensor], settings: Mapping[str, Any]
) -> Iterator[tuple[str, Tensor]]:
    image, known = _images(inputs["image"]), _masks(inputs["known"])
    job = Job(model, image, known)
    complete_image = normalised(image, model.config.normalise)
    yield "input.image", complete_image
    yield "input.masked_image", job.masked_image
    full = torch.zeros(0)
    for name, x, mask in (("full", complete_image, None), ("masked", job.masked_image, job.complete)):
        taps = _Taps("codec.encoder.")
        features = model.codec.encode(x, taps)
        quantised = model.codec.codebook.nearest(features, mask)
        yield from ((f"{k}.{name}", v) for k, v in taps.seen.items())
        yield f"codec.features.{name}", features
        yield f"codec.tokens.{name}", quantised
        yield f"codec.quantised.{name}", model.codec.codebook.look_up(quantised)
        full = quantised if name == "full" else full
    yield "codec.patch_type", job.types
    yield "codec.unmask_ratio", job.share
    yield from _transformer(job, full)
    yield from _sampled(job, settings)


def _shaped(job: Job, value: Tensor) -> Tensor:
    """TPAMI keeps the grid's two axes in its transformer."""
    if job.model.config.layout != "tpami":
        return value
    return value.unflatten(1, tuple(job.complete.shape[1:]))


def _transformer(job: Job, targets: Tensor) -> Iterator[tuple[str, Tensor]]:
    field = job.field()
    assert isinstance(field, UqField)
    taps = _Taps("transformer.")
    logits = field.logits(taps)
    for name, value in taps.seen.items():
        yield name, value if "attention" in name else _shaped(job, value)
    yield "transformer.logits.first", _shaped(job, logits)
    if job.model.config.layout == "tpami":
        types, wanted = job.types.flatten(1), targets.flatten(1)
        codes = job.model.codec.codebook.embedding[field.tokens]
        for case in ("known_feature", "known_quantised"):
            if case == "known_quantised":
                field.features = torch.where((types == KNOWN).unsqueeze(-1), codes, field.features)
                logits = field.logits()
            for prefix, chosen in (
                ("", types != KNOWN),
                ("partial_", types == PARTLY),
                ("fully_", types == MASKED),
            ):
                terms = objectives.token_terms(logits, wanted, chosen, job.model.config.tokens.poly)
                yield from ((f"loss.{case}.{prefix}{k}", v) for k, v in terms.items())


def _sampled(job: Job, settings: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    samplers = settings["samplers"]
    main = settings.get("decoder_maps_of") or ("greedy" if "greedy" in samplers else next(iter(samplers)))
    for name, knobs in samplers.items():
        yield from _one_sampler(job, name, knobs, settings if name == main else {}, name == main)


def _counts(knobs: Mapping[str, Any], unknown: int) -> list[int]:
    if "schedule" in knobs:
        return sampling.schedule(knobs["schedule"], unknown, knobs["forwards"])
    return sampling.fixed_counts(unknown, knobs["tokens_per_forward"])


def _one_sampler(
    job: Job, name: str, knobs: Mapping[str, Any], settings: Mapping[str, Any], main: bool
) -> Iterator[tuple[str, Tensor]]:
    field = job.field()
    assert isinstance(field, UqField)
    per = knobs.get("tokens_per_forward", 1)
    options = sizes.Sampler(knobs.get("order", "sequential"), per, top_k=1)
    counts = _counts(knobs, int(field.unknown.sum(1).max()))
    when = torch.full_like(field.tokens, -1)
    trace: list[sampling.Step] = []
    half = settings.get("half_after_greedy_steps")
    for index, step in enumerate(sampling.sequential(field, options, [], counts)):
        slots = step.positions.clamp(min=0)
        when.scatter_(1, slots, torch.where(step.positions >= 0, index, when.gather(1, slots)))
        trace.append(
            replace(step, logits=step.logits.clone())
            if per == 1
            else replace(step, logits=step.logits[:, :1])
        )
        if half is not None and index + 1 == half:
            yield "sampling.half.features", field.features.clone()
            yield "sampling.half.known", ~field.unknown
            yield "transformer.logits.half", field.logits()
    grid = job.token_grid(field)
    stage = f"sampling.{name}."
    squeeze = (lambda x: x.squeeze(-1)) if per == 1 else (lambda x: x)
    yield stage + "tokens", grid
    yield stage + "forwards", torch.tensor(len(counts))
    yield stage + "step_of_position", when.view_as(grid)
    if trace and "tokens_per_forward" in knobs and len(grid) == 1:
        positions = torch.cat([s.positions for s in trace])
        yield stage + "position", squeeze(positions)
        yield stage + "token", squeeze(torch.cat([s.tokens for s in trace]))
        if per == 1:
            logits = torch.cat([s.logits for s in trace])
            yield stage + "logits", logits
            rows = torch.arange(len(logits))
            yield stage + "logit_max", logits[rows, positions[:, 0]].amax(-1)
            if "topk" in settings:
                first = logits[0, positions[0, 0]]
                yield "sampling.topk.probability", sampling.probabilities(first, settings["topk"]["k"])
    yield stage + "features", job.generated(grid)
    yield from _decoded(job, name, grid, main)


def _decoded(job: Job, name: str, grid: Tensor, main: bool) -> Iterator[tuple[str, Tensor]]:
    codes = job.model.codec.codebook.look_up(grid)
    last = len(job.model.codec.decoder.ups)
    if job.model.config.layout == "tpami":
        taps = _Taps("decoder.", lambda n: n.startswith("reference.") and n != f"reference.{last}")
    else:
        taps = _Taps("decoder.", lambda n: n not in ("post_quant", "out"))
    fdm = _Taps("fdm.")
    if job.model.config.known_features:
        generated = job.generated(grid)
        decoded = job.decoded(job.dequantised(generated, fdm), taps)
        if main:
            yield "image.decoded_without_fdm", job.decoded(generated)
    else:
        decoded = job.decoded(codes, taps)
    yield f"image.{name}.decoded", decoded
    yield f"image.{name}.completed", job.pasted(decoded) if job.model.config.paste_known else decoded
    if not main:
        return
    yield "fdm.masked_patch", job.masked_patches
    yield from fdm.seen.items()
    yield from taps.seen.items()
    yield "image.decoded", decoded
    yield "image.decoded_uint8", decoded.to(torch.uint8)
    yield "image.composed", job.pasted(decoded)
    yield "image.decoded_from_tokens", job.decoded(codes)


class Training:
    """The quantities of the case ``training``; every stage starts from the stored weights."""

    def __init__(
        self,
        model: PutFdm,
        inputs: Mapping[str, Tensor],
        settings: Mapping[str, Any],
        losses: Mapping[str, Tensor] | None,
    ) -> None:
        self.model, self.settings = model, settings
        self.image, self.known = _images(inputs["image"]), _masks(inputs["known"])
        self.keep = _masks(inputs["keep"]) if "keep" in inputs else torch.ones_like(self.known)
        book = model.codec.codebook
        for role, buffer in (
            ("codebook", book.embedding),
            ("codebook_count", book.count),
            ("codebook_sum", book.total),
        ):
            if role in inputs:
                buffer.copy_(inputs[role])
        self.vgg: Vgg19 | None = None
        self.discriminator: PatchDiscriminator | None = None
        if losses is not None:
            self._load_losses(losses)

    def _load_losses(self, weights: Mapping[str, Tensor]) -> None:
        self.vgg = Vgg19()
        self.vgg.requires_grad_(False)
        state = {
            f"convolutions.{ours}.{kind}": weights[f"vgg19.{theirs}.{kind}"]
            for ours, theirs in Vgg19.torchvision_names().items()
            for kind in ("weight", "bias")
            if f"vgg19.{theirs}.{kind}" in weights
        }
        absent, unexpected = self.vgg.load_state_dict(state, strict=False)
        if unexpected or any(not name.startswith("convolutions.5_") for name in absent):
            raise importer.Refused(f"The loss network lacks {', '.join(absent[:3])}.")
        self.discriminator = PatchDiscriminator(len(weights["discriminator.conv1.0.weight_orig"]))
        self.discriminator.load_state_dict(
            {
                f"layers.{i}.{kind}": weights[f"discriminator.conv{i + 1}.0.{kind}"]
                for i in range(5)
                for kind in ("weight_orig", "weight_u", "weight_v")
            }
        )

    def _judge(self) -> PatchDiscriminator:
        """The discriminator with its spectral vectors fresh."""
        assert self.discriminator is not None
        return copy.deepcopy(self.discriminator).train()

    def stages(self) -> Iterator[tuple[str, Tensor]]:
        if "schedule" in self.settings:
            yield "schedule", self._schedule(self.settings["schedule"])
        yield from self._codebook()
        yield from self._tokens()
        yield from self._fdm(joint=False)
        if self.vgg is not None:
            with torch.no_grad():
                maps = self._judge().features(self.image / 255)
            yield "discriminator.out", torch.sigmoid(maps[-1])
            yield from ((f"discriminator.conv.{i}", m) for i, m in enumerate(maps[:-1], start=1))
            yield from self._autoencoder()
            yield from self._fdm(joint=True)

    @staticmethod
    def _schedule(s: Mapping[str, Any]) -> Tensor:
        plan = objectives.CosineSchedule(s["warmup_step"], s["warmup_steps"], s["T"], s["floor"])
        return torch.tensor([plan.rate(t) for t in range(s["iterations"])], dtype=torch.float64)

    def _erased(self) -> tuple[Tensor, Tensor]:
        """Normalised erased images and which of their patches are whole."""
        erased = normalised(self.image * self.keep, self.model.config.normalise)
        return erased, patch_types(self.keep, self.model.config.codec.patch)

    def _codebook(self) -> Iterator[tuple[str, Tensor]]:
        with torch.no_grad():
            erased, types = self._erased()
            features = self.model.codec.encode(erased)
            book = copy.deepcopy(self.model.codec.codebook)
            tokens = book.nearest(features, types[:, 0] == KNOWN)
            book.update(features, tokens)
        yield "codebook_update.feature", features
        yield "codebook_update.token_type", types
        yield "codebook_update.token", tokens
        yield "codebook_update.after.embedding", book.embedding
        yield "codebook_update.after.cluster_size", book.count
        yield "codebook_update.after.embedding_avg", book.total

    def _norms(self, run: str, modules: Mapping[str, nn.Module]) -> tuple[str, Tensor]:
        """Gradient norms by published name, sorted; parts of one published parameter are put together."""
        squares: dict[str, float] = {}
        for prefix, module in modules.items():
            for name, parameter in module.named_parameters():
                if parameter.grad is None:
                    continue
                if prefix == "loss.discriminator.":
                    published = f"{prefix}conv{int(name.split('.')[1]) + 1}.0.weight_orig"
                else:
                    published = importer.published_name(prefix + name, self.model.config)
                squares[published] = squares.get(published, 0.0) + float(parameter.grad.double().pow(2).sum())
        self.model.zero_grad(set_to_none=True)
        return f"gradient_norm.{run}", torch.tensor([math.sqrt(squares[k]) for k in sorted(squares)])

    def _autoencoder(self) -> Iterator[tuple[str, Tensor]]:
        codec = self.model.codec
        erased, types = self._erased()
        masked = normalised(self.image * self.keep * self.known, self.model.config.normalise)
        features = codec.encode(erased)
        quantised = codec.quantise(features, types[:, 0] == KNOWN)
        out = codec.decode(quantised.vectors, masked, self.known)
        numbers = self.model.config.normalise
        image01 = self.image * self.keep / 255
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (numbers.mean, numbers.std))
        out01 = ((out * std + mean) * numbers.scale / 255).clamp(0, 1)
        terms = objectives.reconstruction_terms(
            image01, out01, self.known, self.vgg, self._judge(), objectives.ImageWeights()
        )
        terms["quantize_loss"] = codec.codebook.commitment(features, quantised.tokens)
        total = torch.stack(list(terms.values())).sum()
        yield from ((f"autoencoder.generator.{k}", v) for k, v in terms.items())
        yield "autoencoder.generator.loss", total
        tokens, codes = quantised.tokens, codec.codebook.codes
        low, high = tokens[tokens < codes], tokens[tokens >= codes]
        for name, part in (("unmasked", low), ("masked", high)):
            yield f"autoencoder.generator.{name}_num_token", torch.tensor(part.numel())
            yield f"autoencoder.generator.used_{name}_quantize_embed", torch.tensor(part.unique().numel())
        yield "autoencoder.reconstruction", (out01 * 255).clamp(0, 255)
        total.backward()
        yield self._norms("p1_gen", {"codec.": codec})
        judge = self._judge()
        terms = objectives.discriminator_terms(judge, image01, out01)
        yield from ((f"autoencoder.discriminator.{k}", v) for k, v in terms.items())
        terms["loss"].backward()
        yield self._norms("p1_disc", {"loss.discriminator.": judge})

    def _tokens(self) -> Iterator[tuple[str, Tensor]]:
        with torch.no_grad():
            job = Job(self.model, self.image, self.known)
            complete = self.model.codec.encode(normalised(self.image, self.model.config.normalise))
            targets = self.model.codec.codebook.nearest(complete).flatten(1)
        chosen = (~job.complete).flatten(1)
        field = job.field()
        assert isinstance(field, UqField)
        for run in ("rq0", "rq1"):
            if run == "rq1":
                codes = self.model.codec.codebook.embedding[field.tokens]
                field.features = torch.where(chosen.unsqueeze(-1), field.features, codes)
            logits = field.logits()
            loss = objectives.token_terms(logits, targets, chosen, self.model.config.tokens.poly)["loss"]
            yield f"transformer.loss.{run}", loss
            yield f"transformer.accuracy.{run}", objectives.published_accuracy(logits, targets, chosen)
            loss.backward()
            yield self._norms(f"tr_{run}", {"tokens.": self.model.tokens})

    def _fdm(self, joint: bool) -> Iterator[tuple[str, Tensor]]:
        model, numbers = self.model, self.model.config.normalise
        if model.fdm is None:
            return
        job = Job(model, self.image, self.known)
        with torch.no_grad():
            features = model.codec.encode(normalised(self.image, numbers))
            codes = model.codec.quantise(features).vectors
            mixed = features * (1 - job.masked_patches) + codes * job.masked_patches
        predicted = model.fdm(mixed, job.masked_patches)
        loss = objectives.dequantiser_loss(predicted, features, mixed, job.masked_patches)
        if not joint:
            yield "fdm.loss", loss
            loss.backward()
            yield self._norms("p2", {"fdm.": model.fdm})
            return
        codec = model.codec
        out = codec.decode(mixed + predicted, job.masked_image.detach(), self.known)
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (numbers.mean, numbers.std))
        out01 = ((out * std + mean) * numbers.scale / 255).clamp(0, 1)
        terms = objectives.reconstruction_terms(
            self.image / 255, out01, self.known, self.vgg, self._judge(), objectives.ImageWeights()
        )
        terms["fdm_loss"] = loss
        total = torch.stack(list(terms.values())).sum()
        yield from ((f"joint.{k}", v) for k, v in terms.items())
        yield "joint.loss", total
        total.backward()
        yield self._norms("p3", {"codec.": codec, "fdm.": model.fdm})
